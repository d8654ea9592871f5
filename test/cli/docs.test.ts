// Runs the shell blocks of the README and of docs/, and the step of the CI job, against the fake.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { CREDENTIAL, LEAKED, makeFolder, runChild } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const documents = ["README.md", ...readdirSync("docs", { encoding: "utf8" }).map((name) => `docs/${name}`)];
const blocks = documents
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => {
    const found = readFileSync(name, "utf8").matchAll(/^```(sh|console|yaml)\n(.*?)^```$/gms);
    return Array.from(found, ([, language, code = ""], index) => ({
      title: `${name}, block ${index + 1}`,
      language,
      code,
    }));
  });

/** What a reader would put in the place of ours. */
const READER: [string | RegExp, string][] = [
  [/^\$ /gm, ""],
  ["<account>", "ci-bot"],
  ["<token...>", "deploy-key"],
  [/ --for 5m/g, ""],
  // There is no such proxy, nor such a file.
  [/^export (HTTPS_PROXY|NODE_EXTRA_CA_CERTS)=.*$/gm, ""],
  // The package as it is unpacked.
  [/^sha256sum .*$/gm, ""],
  ["node package/dist/cli/main.js", "kaiten-service-accounts"],
];

function scriptOf(language: string | undefined, code: string): string {
  const text = language === "yaml" ? stepsOf(code) : code;
  return READER.reduce((text, [ours, theirs]) => text.replaceAll(ours, theirs), text);
}

function stepsOf(code: string): string {
  const { jobs } = parseYaml(code) as { jobs: { revoke: { steps: { run?: string }[] } } };
  return jobs.revoke.steps.map((step) => step.run ?? "").join("\n");
}

/** There is no terminal here to ask questions on. */
const ANSWERS = `
command="$1"; shift
case "$command" in
  revoke) set -- --yes "$@" ;;
  verify) case "$*" in *--secret-file*) ;; *) set -- --secret-file leaked.txt "$@" ;; esac ;;
esac
set -- "$command" "$@"
`;

test.for(blocks.map((block) => [block.title, block] as const))("%s runs", async ([, { language, code }]) => {
  // No package of this name is published: whoever takes it would be run.
  expect(code).not.toMatch(/npx (--\S+ )*kaiten/);
  const ours = code.split("\n").filter((line) => /^npm /.test(line));
  for (const [, script = ""] of ours.join("\n").matchAll(/npm (?:run )?([\w:]+)/g)) {
    expect([...Object.keys(scripts), "install", "ci", "pack"]).toContain(script);
  }
  if (ours.length > 0) return;

  await using server = await serve(tokensOf("ci-bot", "deploy-key", "old-key"));
  const folder = makeFolder();
  const command = join(folder.path, "bin", "kaiten-service-accounts");
  writeFileSync(command, readFileSync(command, "utf8").replace("\n", `\n${ANSWERS}`));
  folder.write("leak.csv", "ci-bot,old-key\n");
  folder.write("leaked.txt", LEAKED);
  const text = scriptOf(language, code).replaceAll(/https:\/\/kaiten.example.com\/api/g, server.url);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: CREDENTIAL, ACCOUNT: "ci-bot", TOKEN: "deploy-key" };
  const { code: exit, stdout, stderr } = await runChild([], { env, folder, shell: `set -e\n${text}` });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.any(String) });
  if (text.includes(" revoke")) expect(server.fake.alive().length).toBeLessThan(2);
  if (text.includes("jq")) expect(stdout).toContain("ci-bot\told-key\t");
});
