// Lints openapi.yaml by the rules in scripts/redocly.yaml.
import { spawnSync } from "node:child_process";
import { commandOf } from "./command.js";

// A check asks nobody: no usage data, no look for updates. Its banner says only that Node 20 has grown old.
const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_NOTIFICATIONS: "true" };
const redocly = commandOf("@redocly/cli", "redocly");
const lint = spawnSync(process.execPath, [redocly, "lint", "--config", "scripts/redocly.yaml", "openapi.yaml"], {
  env,
  encoding: "utf8",
});
if (lint.status === 0) {
  console.log("openapi.yaml is a valid API description.");
} else {
  console.error(lint.stdout.trim() || lint.stderr);
  process.exitCode = 1;
}
