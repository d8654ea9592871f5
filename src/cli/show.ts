// What happens when `list` is typed: the tokens of a service account, as the API's record has them.
import { KaitenError, type Token } from "../index.js";
import { slugFault } from "../slug.js";
import { openCredential } from "./credential.js";
import { Interrupted, UsageError } from "./errors.js";
import { codeOfError, EXIT, type ExitCode } from "./exit-code.js";
import { isRevoked } from "./record.js";
import type { Outputs } from "./revoke.js";
import { checkSettings, type Flags } from "./settings.js";
import { stopOnSignals } from "./stop.js";
import { json, plural, printable, table } from "./text.js";
import { createProgress, spinner } from "./ui/progress.js";

/** @throws {UsageError} */
export async function list(account: string, flags: Flags, { io, stdout, stderr }: Outputs): Promise<ExitCode> {
  const settings = checkSettings(flags, io);
  const fault = slugFault(account);
  if (fault) throw new UsageError(`The service account ${fault}. Nothing was sent.`);
  const credential = await openCredential(flags.tokenFile, { io, stderr, isAttended: true });
  const { signal } = stopOnSignals(io);
  const { client } = settings.openClient(credential.token);
  for (;;) {
    const progress = createProgress(stderr, spinner("reading the record"));
    try {
      const record = await client.serviceAccounts.get(account, { signal });
      const at = new Date(io.now()).toISOString();
      progress.end();
      const states = record.tokens.map((token) => ({ token, state: stateOf(token, io.now()) }));
      if (flags.json) {
        const { baseUrl } = settings;
        for (const { token, state } of states) {
          // The names of a result, so that this is a list for `revoke --from`, too.
          const { slug: tokenSlug, ...members } = token;
          stdout.line(json({ baseUrl, serviceAccountSlug: account, tokenSlug, state, at, ...members }));
        }
      } else for (const line of table([HEADER, ...states.map(toRow)])) stdout.line(line);
      const count = (wanted: State) => states.filter(({ state }) => state === wanted).length;
      stderr.tell(
        `${plural(states.length, "token")}: ${count("active")} active, ${count("expired")} expired, ${count("revoked")} revoked.`,
      );
      await stdout.flushed(signal);
      return stdout.undelivered() > 0 ? EXIT.other : EXIT.ok;
    } catch (error) {
      progress.end();
      if (signal.aborted) throw new Interrupted();
      if (!(error instanceof KaitenError)) throw error;
      if (error.status !== 401 || !credential.mayAsk) {
        throw new UsageError(error.summary, { code: codeOfError(error) });
      }
      await credential.askAgain(error.summary, { sameOwner: false, signal });
    }
  }
}

type State = "active" | "expired" | "revoked";

function stateOf(token: Token, now: number): State {
  if (isRevoked(token)) return "revoked";
  return token.expiresAt !== undefined && Date.parse(token.expiresAt) <= now ? "expired" : "active";
}

const HEADER = ["TOKEN", "STATE", "CREATED", "EXPIRES", "SCOPES", "REVOKED", "BY"];

function toRow({ token, state }: { token: Token; state: State }): string[] {
  const { slug, createdAt, expiresAt, scopes, revokedAt, revokedBy } = token;
  const revoked = state === "revoked" ? [revokedAt ?? "", revokedBy?.name ?? revokedBy?.id ?? ""] : ["", ""];
  return [slug, state, createdAt, expiresAt ?? "never", scopes.join(" "), ...revoked].map(printable);
}
