// Writes dist/: the library with its types, and the command with all that it needs.
import { build, type InputOptions } from "rolldown";
import { type LicenseInfo, licensePlugin } from "rolldown-license-plugin";
import { dts } from "rolldown-plugin-dts";

const transform = { target: "node20.19" };

/** Rolldown only warns, and leaves a package that is not installed to whoever runs the result. */
const onLog: InputOptions["onLog"] = (level, log, next) =>
  next(log.code === "UNRESOLVED_IMPORT" ? "error" : level, log);

/** The library imports every package from where its user installed it. */
const PACKAGES = /^(node:)?[@a-z][^:]*$/i;

await build({
  input: {
    index: "./src/index.ts",
    undici: "./src/undici.ts",
    testing: "./src/testing/index.ts",
    schema: "./generated/schema.ts",
  },
  platform: "neutral",
  external: PACKAGES,
  transform,
  onLog,
  plugins: [dts()],
  output: { dir: "dist", cleanDir: true, chunkFileNames: "shared/[name].js" },
  checks: { bundlerTimings: false },
});

const licenceOf = ({ name, version, license, licenseText }: LicenseInfo): string =>
  `${name} ${version} (${license})\n\n${licenseText.trim()}\n`;

// The command has a copy of the library, too: whatever `import()` loads later is a file of its own.
await build({
  input: { main: "./src/cli/main.ts" },
  platform: "node",
  transform,
  onLog,
  plugins: [
    licensePlugin({
      allow: ({ licenseText }) => licenseText !== "",
      failOnViolation: true,
      done: (bundled, { emitFile }) => {
        const source = bundled.map(licenceOf).join(`\n${"-".repeat(80)}\n\n`);
        emitFile({ type: "asset", fileName: "THIRD-PARTY-LICENSES.txt", source });
      },
    }),
  ],
  output: { dir: "dist/cli", comments: false, chunkFileNames: "[name].js" },
});
