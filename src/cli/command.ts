// What can be typed: the commands, their options and their help; and what is said of an error that ends one.
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { holdsCredential, looksSecret } from "../secret.js";
import { VERSION } from "../version.js";
import { EXIT, type ExitCode, UsageError } from "./exit.js";
import { type Io, processIo } from "./io.js";
import type { Flags } from "./settings.js";
import { createOutput, type Outputs } from "./ui/output.js";

/** Runs the command. @param argv without Node and the script. */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  const bottom = {};
  const [stdout, stderr] = [createOutput(io.stdout, io, bottom), createOutput(io.stderr, io, bottom)];
  let code: ExitCode = EXIT.ok;
  try {
    if (argv.some((argument) => isSecret(argument, io.env.KAITEN_AUTH_TOKEN?.trim())))
      throw new UsageError(SECRET_ARGUMENT);
    const command = createCommand({ io, stdout, stderr }, (ended) => {
      code = ended;
    });
    await command.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    // Commander has printed it; --help and --version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) {
      // Otherwise, the API was asked for the record.
      const nothing = `Nothing was ${error.code === EXIT.usage ? "sent" : "revoked"}.`;
      stderr.tell(...`${error.message} ${nothing}`.trim().split("\n"));
      return error.code;
    }
    stderr.tell(`Something went wrong: ${(error as Error).message}`);
    if (argv.includes("--verbose")) stderr.tell(...String((error as Error).stack).split("\n"));
    return EXIT.other;
  }
}

/** As the program. Nothing may keep it alive, neither an idle connection nor the body of a 204. */
export async function runProcess(): Promise<never> {
  // A reader that has gone, such as `head`, is no crash: also for --help, which writes by itself.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const code = await main(process.argv.slice(2), processIo);
  // After an interruption, a reader that takes nothing is not waited for.
  const limit = code === EXIT.interrupted ? AbortSignal.timeout(1_000) : new AbortController().signal;
  for (const stream of [process.stderr, process.stdout]) await createOutput(stream, processIo).flushed(limit);
  process.exit(code);
}

/** Also as the value of an option. */
const isSecret = (argument: string, credential = ""): boolean =>
  [argument, argument.replace(/^-\w?/, ""), argument.slice(argument.indexOf("=") + 1)].some(looksSecret) ||
  holdsCredential(argument, credential);

const SECRET_ARGUMENT =
  "An argument is a secret. It is now in your shell's history and was visible to this machine: treat it as leaked. Use slugs for tokens, and KAITEN_AUTH_TOKEN or --token-file for the credential.";

const EXAMPLES = `
Examples:
  export KAITEN_BASE_URL=https://kaiten.example.com/api
  kaiten-service-accounts list ci-bot
  kaiten-service-accounts revoke ci-bot deploy-key   # one token
  kaiten-service-accounts revoke ci-bot --all        # all that are active
  kaiten-service-accounts revoke --from leak.csv     # again: continues
  kaiten-service-accounts verify --for 5m            # still accepted?

The credential comes from --token-file, KAITEN_AUTH_TOKEN or a hidden prompt,
never from an argument: everybody on the machine can read those. A revoked
token may be accepted for up to 5 more minutes: \`verify\` shows whether it is.
Lists, output and exit codes are described in docs/command.md.`;

const EXIT_CODES = `
Exit codes, for many tokens the most severe: 0 all are revoked, 1 you said no,
or lines were skipped, 2 wrong usage, 3 credential refused, 4 not found,
5 rejected, 6 no usable answer: a token may be active, 130 interrupted.`;

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

function addConnectionOptions(command: Command, credential: string): Command {
  return command
    .option("--base-url <url>", "where the API is, with its path (default: $KAITEN_BASE_URL)")
    .option("--token-file <path>", `file with ${credential}, or - for standard input (default: $KAITEN_AUTH_TOKEN)`)
    .option("--header-file <path>", "more headers to send, one a line, for a gateway that wants its own")
    .option("--timeout <seconds>", "how long an attempt may take (default: 20)", number)
    .option("--retries <n>", "attempts after the first, 0 to 100 (default: 2)", number)
    .option("--allow-insecure", "allow plain http to another machine: the credential can be read on the way")
    .option("--json", "print results as JSON, one object per line");
}

/** @param end called with the exit code. */
function createCommand(outputs: Outputs, end: (code: ExitCode) => void): Command {
  const { io, stderr } = outputs;
  const program = new Command("kaiten-service-accounts")
    .description("Revokes API tokens of Kaiten service accounts, and reports what is known of each.")
    .version(VERSION)
    .addHelpText("after", EXAMPLES)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text) => stderr.tell(...text.trim().split("\n")),
    })
    .exitOverride()
    .showSuggestionAfterError();
  // The rest is loaded by the actions, so that --help does not wait for it.
  addConnectionOptions(program.command("list"), "the credential")
    .summary("show the tokens of an account")
    .description("Shows the tokens of a service account: which are active, which are revoked, when and by whom.")
    .argument("<account>", "slug of the service account")
    .addHelpText("after", "\nExit codes: 0 shown, 3 credential refused, 4 no such account, 6 no answer.")
    .action(async (account: string, flags: Flags) =>
      end(await (await import("./show.js")).list(account, flags, outputs)),
    );
  addConnectionOptions(program.command("revoke"), "the credential")
    .summary("revoke tokens")
    .description("Revokes tokens of a service account, or those of a list. The same command again continues.")
    .argument("[account]", "slug of the service account")
    .argument("[token...]", "slugs of its tokens (names, not secrets)")
    .option("--all", "every active token of the account")
    .option("--from <file>", "a list of tokens, or - for standard input", onlyOnce)
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "check everything and show what would be revoked")
    .option("--skip-bad", "leave out bad lines of the list (exit 1)")
    .option("--concurrency <n>", "requests at once, 1 to 256 (default: 8)", number)
    .option("--verbose", "print each attempt")
    .addHelpText("after", EXIT_CODES)
    .action(async (account: string | undefined, tokens: string[], flags: Flags) =>
      end(await (await import("./revoke.js")).revoke(account, tokens, flags, outputs)),
    );
  addConnectionOptions(program.command("verify"), "another credential, the control")
    .summary("see if leaked secrets are accepted")
    .description("Asks whether leaked secrets are still accepted at the base URL. It revokes nothing.")
    .option("--secret-file <path>", "the leaked secrets, one a line, or - for standard input (default: a prompt)")
    .option("--for <time>", "keep asking, such as 5m: the last minute decides", minutes)
    .addHelpText("after", "\nExit codes: 0 none is accepted, 4 one is, 6 unknown, 2 wrong usage.")
    .action(async (flags: Flags) => end(await (await import("./verify.js")).verify(flags, outputs)));
  return program;
}
