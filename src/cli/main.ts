#!/usr/bin/env node
// The entry of `kaiten-service-accounts`. It runs on any Node with modules, so that an old one is told which it needs. All
// else is loaded after that.
const NEEDED = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isOld = major < (NEEDED[0] as number) || (major === NEEDED[0] && minor < (NEEDED[1] as number));
if (isOld) {
  process.stderr.write(
    `kaiten-service-accounts needs Node ${NEEDED.join(".")} or later. This is Node ${process.versions.node}. Nothing was sent.\n`,
  );
  process.exit(2);
} else {
  import("./command.js").then(({ runProcess }) => runProcess());
}
