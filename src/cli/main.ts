#!/usr/bin/env node
// The command `kaiten-tokens`. Errors are a line that says what to do; a stack is shown only with --verbose.
import { CommanderError } from "commander";
import { createCommand } from "./command.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { printable } from "./text.js";
import { UsageError } from "./usage-error.js";

const end = (code: ExitCode) => {
  process.exitCode = code;
};

// A reader that has gone, such as `head`, is no crash: also for --help, which writes by itself.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  await createCommand(end).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it; --help and --version are no errors.
    end(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
  } else if (error instanceof UsageError) {
    process.stderr.write(`${printable(error.message)}\n`);
    end(EXIT.usage);
  } else {
    const verbose = process.argv.includes("--verbose");
    const { stack, message } = error as Error;
    process.stderr.write(`Something went wrong: ${verbose ? stack : printable(message)}\n`);
    end(EXIT.other);
  }
}
