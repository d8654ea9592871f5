// What happens when `list` is typed: the tokens of a service account, as the API's record has them.
import type { Token } from "../index.js";
import { slugFault } from "../slug.js";
import { openCredential } from "./credential.js";
import { EXIT, type ExitCode, UsageError } from "./exit.js";
import { stopOnSignals } from "./io.js";
import { hasExpired } from "./overview.js";
import { isRevoked } from "./record.js";
import { checkSettings, type Flags } from "./settings.js";
import { json, plural, printable, table } from "./text.js";
import type { Outputs } from "./ui/output.js";
import { createProgress, spinner } from "./ui/progress.js";

const HEADER = ["TOKEN", "STATE", "CREATED", "EXPIRES", "SCOPES", "REVOKED", "BY"];

/** @throws {UsageError} */
export async function list(account: string, flags: Flags, outputs: Outputs): Promise<ExitCode> {
  const { io, stdout, stderr } = outputs;
  const { baseUrl, openClient } = await checkSettings(flags, io);
  const fault = slugFault(account);
  if (fault) throw new UsageError(`The service account ${fault}.`);
  const credential = await openCredential(flags.tokenFile, baseUrl, outputs, true);
  const { signal } = stopOnSignals(io);
  const { client } = openClient(credential.token);
  const { tokens: found } = await credential.forReading(() => {
    const progress = createProgress(stderr, spinner("reading the record"));
    return client.serviceAccounts.get(account, { signal }).finally(progress.end);
  }, signal);
  const stateOf = (token: Token) => (isRevoked(token) ? "revoked" : hasExpired(token, io) ? "expired" : "active");
  const tokens = found.map((token) => ({ state: stateOf(token), ...token }));
  const common = { baseUrl, serviceAccountSlug: account, at: new Date(io.now()).toISOString() };
  const rows = tokens.map(({ slug, state, createdAt, expiresAt = "never", scopes, revokedAt = "", revokedBy }) => {
    const revoked = state === "revoked" ? [revokedAt, revokedBy?.name ?? revokedBy?.id ?? ""] : ["", ""];
    return [slug, state, createdAt, expiresAt, scopes.join(" "), ...revoked].map(printable);
  });
  // The names of a result, so that this is a list for `revoke --from`, too.
  const objects = tokens.map(({ slug: tokenSlug, ...members }) => json({ ...common, tokenSlug, ...members }));
  for (const line of flags.json ? objects : table([HEADER, ...rows])) stdout.line(line);
  const count = (wanted: string) => `${tokens.filter(({ state }) => state === wanted).length} ${wanted}`;
  stderr.tell(`${plural(tokens.length, "token")}: ${count("active")}, ${count("expired")}, ${count("revoked")}.`);
  await stdout.flushed(signal);
  return stdout.undelivered() > 0 ? EXIT.other : EXIT.ok;
}
