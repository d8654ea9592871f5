// Every answer that openapi.yaml documents, as Prism gives it and as the caller gets it.
import { describe, expect, test } from "vitest";
import { problemStatuses } from "../../generated/client.js";
import { expectAnswer } from "./answer.js";
import { prism } from "./mock.js";
import { OUTCOMES } from "./outcomes.js";
import { readAnswers } from "./spec.js";

const PROBLEMS = 25;

const answers = await readAnswers("openapi.yaml");

describe.each(answers)("a documented $status", (answer) => {
  test("reaches the caller as what it is", async () => {
    await expectAnswer(prism.url, answer);
  });

  test.each(answer.examples)("reaches the caller as in its example $name", async ({ name, value }) => {
    expect(await expectAnswer(prism.url, answer, { example: name })).toEqual(value);
  });
});

describe.each(answers.filter(({ problem }) => problem))("a documented $status", (answer) => {
  test(`reaches the caller with any problem that the schema allows, ${PROBLEMS} times`, async () => {
    const different = new Set<string>();
    for (let made = 0; made < PROBLEMS; made++) {
      different.add(JSON.stringify(await expectAnswer(prism.url, answer, { example: "any" })));
    }
    expect(different.size).toBeGreaterThan(1);
  });
});

test("every outcome that is listed belongs to a documented answer", () => {
  const documented = answers.flatMap(({ status, problem, examples }) => {
    const names = examples.map(({ name }) => `${status} ${name}`);
    return problem ? [...names, `${status} any`] : [String(status)];
  });
  expect(Object.keys(OUTCOMES).sort()).toEqual(documented.sort());
});

test("an answer that is not listed fails: somebody must decide what it proves", async () => {
  const conflict = { status: 409, problem: true, examples: [] };
  await expect(expectAnswer(prism.url, conflict)).rejects.toThrow("decide what 409 means");
});

test("the generated client knows the statuses that are documented as problems, and no others", () => {
  const documented = answers.filter(({ problem }) => problem).map(({ status }) => status);
  expect(problemStatuses.deleteServiceAccountToken).toEqual(documented);
});
