// Runs the shell blocks of the README and of docs/, and the step of the CI job, against the fake.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseYaml } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { CREDENTIAL, type Folder, LEAKED, makeFolder, runChild, TOKEN_FILE } from "../../cli/command.js";
import { serve } from "../../cli/servers.js";

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
  // There is no terminal here to ask questions on, nor five minutes.
  [/ revoke /g, " revoke --yes "],
  [/ verify( --for 5m)?\b/g, ` verify --secret-file ${TOKEN_FILE}`],
  // There is no such proxy, nor such a file.
  [/^export (HTTPS_PROXY|NODE_EXTRA_CA_CERTS)=.*$/gm, ""],
];

function scriptOf(language: string | undefined, code: string): string {
  if (language !== "yaml") return READER.reduce((text, [ours, theirs]) => text.replaceAll(ours, theirs), code);
  const { jobs } = parseYaml(code) as { jobs: { revoke: { steps: { run?: string }[] } } };
  return jobs.revoke.steps.map((step) => step.run ?? "").join("\n");
}

/** The command, as a reader would have installed it. */
const COMMAND = `kaiten-service-accounts() { "${process.execPath}" "${resolve("dist/cli/main.js")}" "$@"; }`;

/** The file that a reader would have packed, with its checksum. */
function pack(folder: Folder): void {
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder.path]);
  const [tarball = ""] = folder.files().filter((name) => name.endsWith(".tgz"));
  const sum = createHash("sha256")
    .update(readFileSync(join(folder.path, tarball)))
    .digest("hex");
  folder.write("kaiten.sha256", `${sum}  ${tarball}\n`);
}

test.for(blocks.map((block) => [block.title, block] as const))("%s runs", async ([, { language, code }]) => {
  // Nobody owns the name on npm: whoever takes it would be run.
  expect(code).not.toMatch(/npx|npm (install|exec) kaiten/);
  const ours = code.split("\n").filter((line) => /^npm /.test(line));
  for (const [, script = ""] of ours.join("\n").matchAll(/npm (?:run )?([\w:]+)/g)) {
    expect([...Object.keys(scripts), "install", "ci", "pack"]).toContain(script);
  }
  if (ours.length > 0) return;

  await using server = await serve([
    { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" },
    { serviceAccountSlug: "ci-bot", tokenSlug: "old-key", secret: LEAKED },
  ]);
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,old-key\n");
  for (const name of [TOKEN_FILE, "leaked.txt"]) folder.write(name, LEAKED);
  if (language === "yaml") pack(folder);
  const text = scriptOf(language, code).replaceAll(/https:\/\/kaiten.example.com\/api/g, server.url);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: CREDENTIAL, ACCOUNT: "ci-bot", TOKEN: "deploy-key" };
  const { code: exit, stderr } = await runChild([], { env, folder, shell: `set -e\n${COMMAND}\n${text}` });
  // `verify` ends with 4 where the list with the token of this secret was not revoked before.
  const isAlive = / verify/.test(text) && !text.includes("leak.csv");
  expect({ exit, stderr }).toEqual({ exit: isAlive ? 4 : 0, stderr: expect.any(String) });
  if (/ revoke/.test(text)) expect(server.fake.alive().length).toBeLessThan(2);
});
