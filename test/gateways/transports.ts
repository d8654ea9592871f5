// What sends the requests: the platform's `fetch`, and undici 7 and 8, each with an authority to trust.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Agent } from "undici";
import { install, PACKAGES } from "../../scripts/runtimes.js";
import { type ClientOptions, createKaitenClient, type Outcome, type TokenRef } from "../../src/index.js";
import { type UndiciOptions, undiciFetch } from "../../src/undici.js";

export interface Seen {
  ref: TokenRef;
  outcome: Outcome;
  message: string;
}

/** Revokes one token after another, over a connection that is kept. */
export type Send = (ca: string, options: ClientOptions, refs: readonly TokenRef[]) => Promise<Seen[]>;

/** In a program of its own: nothing else makes the platform's `fetch` trust an authority. @param fetch an expression. */
const inProgram =
  (node: string, imports = "", fetch = "globalThis.fetch"): Send =>
  async (ca, options, refs) => {
    const folder = mkdtempSync(join(tmpdir(), "kaiten-platform-"));
    const program = `
    import { createKaitenClient } from "kaiten-service-accounts";
    ${imports}
    const fetch = ${fetch};
    const { tokens } = createKaitenClient({ ...${JSON.stringify(options)}, fetch }).serviceAccounts;
    for (const ref of ${JSON.stringify(refs)}) {
      const { outcome, message = "" } = await tokens.revoke(ref).catch((error) => error);
      console.log(JSON.stringify({ ref, outcome, message }));
    }
    await fetch.close?.();`;
    try {
      writeFileSync(join(folder, "ca.pem"), ca);
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
      const { stdout } = await promisify(execFile)(node, ["--input-type=module", "-e", program], { env });
      return stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

const through =
  (open: (ca: string) => UndiciOptions): Send =>
  async (ca, options, refs) => {
    const fetch = undiciFetch(open(ca));
    const { tokens } = createKaitenClient({ ...options, fetch }).serviceAccounts;
    const seen: Seen[] = [];
    for (const ref of refs) {
      const { outcome, message = "" } = await tokens.revoke(ref).catch((error) => error);
      seen.push({ ref, outcome, message });
    }
    await fetch.close();
    return seen;
  };

/** What needs a later Node than we do is fetched where no gateway may be missing. */
const later = process.env.REQUIRE_GATEWAYS ? join(install(PACKAGES.node, "26.10.0"), "bin", "node") : undefined;

const undici8 = (allowH2: boolean): Send | undefined => {
  if (!later) return undefined;
  const imports = `
    import { Agent } from ${JSON.stringify(join(install("undici", "8.13.1"), "index.js"))};
    import { readFileSync } from "node:fs";
    import { undiciFetch } from "kaiten-service-accounts/undici";
    const connect = { ca: readFileSync(process.env.NODE_EXTRA_CA_CERTS) };`;
  return inProgram(later, imports, `undiciFetch({ dispatcher: new Agent({ connect, allowH2: ${allowH2} }) })`);
};

/** By name; undefined where it cannot be had. */
export const TRANSPORTS: Record<string, Send | undefined> = {
  "the platform's fetch": inProgram(process.execPath),
  "the fetch of Node 26": later === undefined ? undefined : inProgram(later),
  "undici 7": through((ca) => ({ connect: { ca } })),
  "undici 7 with HTTP/2": through((ca) => ({ dispatcher: new Agent({ connect: { ca }, allowH2: true }) })),
  "undici 8": undici8(false),
  "undici 8 with HTTP/2": undici8(true),
};
