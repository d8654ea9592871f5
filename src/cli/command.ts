// What can be typed: the commands, their options and their help.
import { Command, InvalidArgumentError, Option } from "commander";
import { VERSION } from "../version.js";
import type { ExitCode } from "./exit-code.js";
import type { Flags } from "./settings.js";
import { printable } from "./text.js";

const EXAMPLES = `
Examples:
  export KAITEN_BASE_URL=https://kaiten.example.com/api
  npx kaiten-service-accounts revoke ci-bot deploy-key   # one token
  npx kaiten-service-accounts revoke --from leak.csv     # again: continues
  npx kaiten-service-accounts verify --for 5m            # still accepted?

The credential comes from KAITEN_AUTH_TOKEN, --token-file or a hidden prompt,
never from an argument: everybody on the machine can read those. A revoked
token may be accepted for up to 5 more minutes: \`verify\` shows how long.
Lists, journal and output are described in docs/command.md.`;

const OUTCOMES = `
Outcomes, a line each on standard output:
  revoked      the API confirmed it for this request
  absent       the API finds no active token by this name
  not-revoked  the request was not carried out
  unknown      the token may be revoked or not: run the same command again

Exit codes, for many tokens the most severe (6, 3, 5, 4, 1):
  0    every token is revoked, or no longer found by the API
  1    you said no, lines were skipped, or results were not delivered
  2    wrong arguments, list or journal: nothing was sent
  3    the credential was refused (401, 403)
  4    token or route not found (404)
  5    the request was rejected (another 4xx)
  6    no usable answer: a token may still be active
  130  interrupted`;

/** The library checks its range. */
function number(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError("It must be a number.");
  return Number(text);
}

/** @returns ms. */
function minutes(text: string): number {
  const count = Number(/^(\d+)m$/.exec(text)?.[1]);
  if (!(count >= 1 && count <= 1440)) throw new InvalidArgumentError("It must be minutes, from 1m to 1440m.");
  return count * 60_000;
}

/** The last of two would win, and the tokens of the other list would stay active. */
function onlyOnce(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError("It can be given once: put the lists together.");
  return value;
}

function addConnectionOptions(command: Command): Command {
  return command
    .option("--base-url <url>", "where the API is, with its path prefix (default: $KAITEN_BASE_URL)")
    .option("--token-file <path>", "file with the credential, or - for standard input (default: $KAITEN_AUTH_TOKEN)")
    .addOption(new Option("--timeout <seconds>", "how long an attempt may take (default: 20)").argParser(number))
    .option("--allow-insecure", "allow plain http to another machine: the credential can be read on the way")
    .option("--json", "print results as JSON, one object per line");
}

/** @param end called with the exit code. */
export function createCommand(end: (code: ExitCode) => void): Command {
  const program = new Command("npx kaiten-service-accounts")
    .description("Revokes API tokens of Kaiten service accounts, and reports what is known of each.")
    .version(VERSION)
    .addHelpText("after", EXAMPLES)
    .configureOutput({ outputError: (text, write) => write(`${text.trim().split("\n").map(printable).join("\n")}\n`) })
    .exitOverride()
    .showSuggestionAfterError();

  addConnectionOptions(program.command("revoke"))
    .summary("revoke tokens")
    .description("Revokes tokens of a service account, or those of a list.")
    .argument("[account]", "slug of the service account")
    .argument("[token...]", "slugs of its tokens (names, not secrets)")
    .addOption(new Option("--from <file>", "a list of tokens, or - for standard input").argParser(onlyOnce))
    .option("--journal <file>", "where the state is kept (default with --from FILE: FILE.journal.ndjson)")
    .option("--no-journal", "keep no state")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "check everything and show what would be revoked")
    .option("--skip-bad", "leave out bad lines of the list (exit 1)")
    .option("--ignore-absent", "count tokens that the API does not find as success")
    .option("--maybe-revoked", "without a journal: an earlier run may have revoked these tokens")
    .addOption(new Option("--concurrency <n>", "requests at once, 1 to 256 (default: 8)").argParser(number))
    .addOption(new Option("--retries <n>", "attempts after the first, 0 to 100 (default: 2)").argParser(number))
    .option("--verbose", "print each attempt")
    .addHelpText("after", OUTCOMES)
    .action(async (account: string | undefined, tokens: string[], flags: Flags) => {
      // Loaded here, so that --help does not wait for it.
      const { revoke } = await import("./run.js");
      end(await revoke(account, tokens, flags));
    });

  addConnectionOptions(program.command("verify"))
    .summary("check if a secret is still accepted")
    .description("Checks whether a secret is still accepted at the base URL. It revokes nothing.")
    .addOption(new Option("--for <time>", "keep asking, such as 5m: the last minute decides").argParser(minutes))
    .addHelpText("after", "\nExit codes: 0 not accepted, 4 accepted, 6 unknown, 2 wrong usage.")
    .action(async (flags: Flags) => {
      const { verify } = await import("./verify.js");
      end(await verify(flags));
    });
  return program;
}
