// Runs the shell blocks of the README and of docs/, and the step of the CI job, against the fake.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { CREDENTIAL, makeFolder, run } from "./command.js";
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
  [/^.*revoke <account> <token...>$/m, ""],
  [/ --for 5m/g, ""],
  // There is no such proxy, nor such a file.
  [/^export (HTTPS_PROXY|NODE_EXTRA_CA_CERTS)=.*$/gm, ""],
];

function scriptOf(language: string | undefined, code: string): string {
  if (language !== "yaml") return READER.reduce((text, [ours, theirs]) => text.replace(ours, theirs), code);
  const { jobs } = parseYaml(code) as { jobs: { revoke: { steps: { run?: string }[] } } };
  return jobs.revoke.steps.map((step) => step.run ?? "").join("\n");
}

test.for(blocks.map((block) => [block.title, block] as const))("%s runs", async ([, { language, code }]) => {
  const ours = code.split("\n").filter((line) => /^npm /.test(line));
  for (const [, script = ""] of ours.join("\n").matchAll(/npm (?:run )?([\w:]+)/g)) {
    expect([...Object.keys(scripts), "install", "ci"]).toContain(script);
  }
  if (ours.length > 0) return;

  await using server = await serve([...tokensOf("ci-bot", "deploy-key", "old-key")]);
  const folder = makeFolder();
  // There is no terminal here to ask questions on.
  const npx = `#!/bin/bash\n[ "$1" = --yes ] && shift\nshift\n[ "$1" = revoke ] && set -- revoke --yes "\${@:2}"\nexec kaiten-tokens "$@"\n`;
  folder.write(join("bin", "npx"), npx);
  folder.write("leak.csv", "ci-bot,old-key\n");
  folder.write("tokens.json", '[{ "slug": "old-key" }]');
  const evidence = { serviceAccountSlug: "ci-bot", tokenSlug: "old-key", outcome: "revoked", at: "2026-01-31" };
  folder.write("leak.csv.journal.ndjson", code.includes("jq") ? JSON.stringify({ kind: "result", ...evidence }) : "");
  const text = scriptOf(language, code).replaceAll(/https:\/\/kaiten.example.com\/api/g, server.url);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: CREDENTIAL, ACCOUNT: "ci-bot", TOKEN: "deploy-key" };
  const { code: exit, stdout, stderr } = await run([], { env, folder, shell: `chmod +x bin/npx\nset -e\n${text}` });
  // `verify` ends with 4: the credential of this test is accepted.
  expect({ exit, stderr }).toEqual({ exit: text.includes(" verify") ? 4 : 0, stderr: expect.any(String) });
  if (text.includes(" revoke")) expect(server.fake.alive().length).toBeLessThan(2);
  if (text.includes("jq")) expect(stdout).toContain("ci-bot\told-key\t");
});
