// An answer that is added to the spec is tested as all others, once somebody has decided what it proves: this adds some.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startPrism } from "../../../scripts/prism.js";
import { expectAnswer } from "../../contract/answer.js";
import type { Outcomes } from "../../contract/outcomes.js";
import { readAnswers } from "../../contract/spec.js";

const ADDED = `
        "202":
          description: Taken note of, which proves nothing.
        "418":
          description: A problem with an example.
          content:
            application/problem+json:
              schema: { $ref: "#/components/schemas/Problem" }
              examples:
                teapot: { value: { title: I'm a teapot, status: 418, code: Short.AndStout } }
        "503":
          description: A problem without an example.
          content:
            application/problem+json:
              schema: { $ref: "#/components/schemas/Problem" }`;

const OUTCOMES_ADDED: Outcomes = { "202": "unknown", "418 teapot": "unknown", "503": "unknown" };

test("a status that is added to the spec is tested as all others", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spec-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "openapi.yaml");
  const spec = await readFile("openapi.yaml", "utf8");
  await writeFile(file, spec.replace(/\n {6}responses:/, `$&${ADDED}`));
  const prism = await startPrism(file);
  onTestFinished(prism.stop);

  const before = await readAnswers("openapi.yaml");
  const answers = await readAnswers(file);
  expect(answers.map(({ status }) => status)).toEqual([202, 418, 503, ...before.map(({ status }) => status)].sort());
  for (const answer of answers.filter(({ status }) => ADDED.includes(`"${status}":`))) {
    const sent = await expectAnswer(prism.url, answer, { outcomes: OUTCOMES_ADDED });
    if (answer.examples[0]) expect(sent).toEqual(answer.examples[0].value);
  }
});
