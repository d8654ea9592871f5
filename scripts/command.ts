// Where a dependency keeps a command, so that this Node can run it: also where node_modules/.bin holds shell scripts.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** @throws {Error} saying that it is not installed, and what to do. */
export function commandOf(dependency: string, name: string): string {
  try {
    const manifest = require.resolve(`${dependency}/package.json`);
    const { bin } = require(manifest) as { bin: Record<string, string> };
    return join(dirname(manifest), bin[name] ?? "");
  } catch {
    throw new Error(`${dependency} is not installed: run \`npm ci\` first.`);
  }
}
