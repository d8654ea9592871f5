#!/usr/bin/env node
// The entry. It runs on any Node with modules, so that an old one is told which is needed. All else is loaded after that.
const { node } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`kaiten-service-accounts needs Node 20.19 or later. This is Node ${node}. Nothing was sent.\n`);
  process.exit(2);
} else import("./command.js").then(({ runProcess }) => runProcess());
