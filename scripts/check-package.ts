// Packs the package as npm would publish it, and checks the tarball: what is in it, its exports and its types.
import { execSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { commandOf } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "package-"));
try {
  const name = execSync(`npm pack --silent --pack-destination "${folder}"`, { encoding: "utf8" }).trim();
  const file = join(folder, name);

  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(file)).buffer },
    strict: true,
  });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg, { color: false })}`);

  const attw = commandOf("@arethetypeswrong/cli", "attw");
  // openapi.yaml is exported for tools to read: it is nothing to import.
  const parameters = [file, "--profile", "esm-only", "--exclude-entrypoints", "openapi.yaml", "--no-color"];
  const types = spawnSync(process.execPath, [attw, ...parameters], { encoding: "utf8" });
  if (types.status !== 0) console.error(types.stdout + types.stderr);

  if (messages.length > 0 || types.status !== 0) process.exitCode = 1;
  else console.log(`${name} is sound: publint and attw have nothing to say.`);
} finally {
  rmSync(folder, { recursive: true });
}
