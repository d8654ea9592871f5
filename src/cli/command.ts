// What can be typed: the commands, their options, and the help that needs no README.
import { Command, InvalidArgumentError, Option } from "commander";
import { VERSION } from "../version.js";
import { EXIT_CODES, type ExitCode } from "./exit-code.js";
import type { RevokeFlags } from "./settings.js";

const EXAMPLES = `
Examples:
  $ export KAITEN_BASE_URL=https://kaiten.example.com/api
  $ read -rs KAITEN_AUTH_TOKEN && export KAITEN_AUTH_TOKEN     paste the credential: it is not shown
  $ kaiten-tokens revoke ci-bot deploy-key                     one token, asks first
  $ kaiten-tokens revoke ci-bot deploy-key old-key --yes       two tokens of one account, asks nothing
  $ kaiten-tokens revoke --from leak.csv --rest left.ndjson    many; what is not dead is in left.ndjson
  $ kaiten-tokens revoke --from left.ndjson --ignore-absent    and once more

The list (--from) has a token a line, as JSON or as CSV, mixed as you like:
  {"serviceAccountSlug":"ci-bot","tokenSlug":"deploy-key"}
  ci-bot,deploy-key
A first line account,token is a header. Duplicates are sent once. The whole list is read and checked before anything is
sent, from a file or from standard input (-): every bad line is told with its number, and nothing is sent unless all are
good or you say --skip-bad. So what you confirm is what is revoked. For that the list is held in memory: a million lines
take about 200 MB, twice that if each names an account of its own.

The credential comes from $KAITEN_AUTH_TOKEN or a file, never from an argument: everybody on the machine can read those
in the list of processes, and your shell keeps them in its history.

Results go to standard output, a line each: outcome, service account, token (or JSON with --json). All else goes to
standard error. Outcomes:
  revoked      the API said so to this very request: dead
  absent       no active token by that slug in the credential's organization: dead, or the slug is misspelt, or the
               organization another one (--ignore-absent: counts as dead)
  not-revoked  not carried out: alive if it was
  unknown      nobody can tell: run it again

Exit codes, for many tokens the most severe (6, 3, 5, 4):
${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join("\n")}`;

/** An option is named without what was typed to it: in a hurry, that is the credential. */
const withoutValue = (message: string): string =>
  message.replace(/(unknown option '(?:--[^']*?(?==)|-[^-]))[\s\S]+/, "$1'\n");

/** The last of two would win, and the tokens of the other list would live on. */
function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError("It can be given once: put the lists together.");
  return value;
}

/** @param end told how the command ends, when it does. */
export function createCommand(end: (code: ExitCode) => void): Command {
  const program = new Command("kaiten-tokens")
    .description("Revokes tokens of Kaiten service accounts, and tells which are dead.")
    .version(VERSION)
    .addHelpText("after", `\nSay \`kaiten-tokens help revoke\` for its options.\n${EXAMPLES}`)
    .configureOutput({ outputError: (message, write) => write(withoutValue(message)) })
    .exitOverride()
    .showSuggestionAfterError();

  program
    .command("revoke")
    .summary("revoke tokens")
    .description("Revokes tokens of a service account, or those of a list.")
    .argument("[service-account]", "slug of the service account")
    .argument("[token...]", "slugs of its tokens (names, never secrets)")
    .addOption(new Option("--from <file>", "a list of tokens, or - for standard input").argParser(once))
    .option("--base-url <url>", "where the API is, its path prefix included (default: $KAITEN_BASE_URL)")
    .option("--token-file <path>", "file with the credential (default: $KAITEN_AUTH_TOKEN)")
    .option("--yes", "do not ask; needed where there is no terminal")
    .option("--dry-run", "check everything, show what would be revoked, send nothing")
    .option("--ignore-absent", "a token that the API does not have counts as dead")
    .option("--skip-bad", "leave bad lines of the list out instead of refusing it")
    .addOption(new Option("--concurrency <n>", "how many at once, 1 to 256 (default: 8)"))
    .addOption(new Option("--timeout <seconds>", "how long an attempt may take (default: 10)"))
    .addOption(new Option("--retries <n>", "attempts after the first, 0 to 100 (default: 2)"))
    .option("--json", "results as a line of JSON each")
    .option("--rest <file>", "write what is not dead yet, in the form that --from reads")
    .option("--allow-insecure", "allow plain http to another machine: the credential can be read on the way")
    .option("--verbose", "tell each attempt as it happens")
    .addHelpText("after", EXAMPLES)
    .action(async (account: string | undefined, tokens: string[], flags: RevokeFlags) => {
      // Loaded here, so that --help does not wait for it.
      const { run } = await import("./run.js");
      end(await run(account, tokens, flags));
    });
  return program;
}
