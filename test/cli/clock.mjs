// Preloaded into the command: its clock moves an hour forward on SIGUSR2, and 5 s (or
// CLOCK_SKIP_MS) in place of each wait of 5 s.
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";

let offset = 0;
for (const clock of [Date, performance]) {
  const now = clock.now.bind(clock);
  clock.now = () => now() + offset;
}
process.on("SIGUSR2", () => {
  offset += 3_600_000;
  process.stderr.write("An hour later.\n");
});

const { setTimeout } = timers;
timers.setTimeout = (ms, ...args) => {
  const isSkipped = ms === 5_000;
  if (isSkipped) offset += Number(process.env.CLOCK_SKIP_MS ?? ms);
  return setTimeout(isSkipped ? 0 : ms, ...args);
};
syncBuiltinESMExports();
