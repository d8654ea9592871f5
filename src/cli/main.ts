#!/usr/bin/env node
// The command `kaiten-service-accounts`. Errors are a line that says what to do; --verbose shows the stack, too.
import { CommanderError } from "commander";
import { holdsCredential } from "../slug.js";
import { createCommand } from "./command.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { printable } from "./text.js";
import { UsageError } from "./usage-error.js";

const SECRET = /^(--?[a-z-]*=?)?(ksh_|ksm_|whsec_|eyJ[^.]+\.[^.]+\.)/;

const credential = process.env.KAITEN_AUTH_TOKEN?.trim() ?? "";
let code: ExitCode = EXIT.ok;
// A reader that has gone, such as `head`, is no crash: also for --help, which writes by itself.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  if (process.argv.some((argument) => SECRET.test(argument) || holdsCredential(argument, credential))) {
    throw new UsageError(
      "An argument is a secret. It is now in your shell's history and was visible to this machine: treat it as leaked. " +
        "Use slugs for tokens, and KAITEN_AUTH_TOKEN or --token-file for the credential. Nothing was sent.",
    );
  }
  await createCommand((ended) => {
    code = ended;
  }).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed it; --help and --version are no errors.
    code = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else if (error instanceof UsageError) {
    for (const line of [...error.details, error.message]) process.stderr.write(`${printable(line)}\n`);
    code = EXIT.usage;
  } else {
    const verbose = process.argv.includes("--verbose");
    const { stack, message } = error as Error;
    process.stderr.write(`Something went wrong: ${verbose ? stack : printable(message)}\n`);
    code = EXIT.other;
  }
}
// Nothing may keep the command alive, neither an idle connection nor the body of a 204.
for (const stream of [process.stderr, process.stdout])
  await new Promise<void>((done) => stream.write("", () => done()));
process.exit(code);
