// Every answer that openapi.yaml documents, as Prism gives it and as the caller gets it.
import { describe, expect, test } from "vitest";
import { problemStatuses } from "../../generated/client.js";
import { expectAnswer, expectReading } from "./answer.js";
import { prism } from "./mock.js";
import { OUTCOMES } from "./outcomes.js";
import { type Answer, readAnswers } from "./spec.js";

const PROBLEMS = 10;

const answers = await readAnswers("openapi.yaml");
const readings = await readAnswers("openapi.yaml", "get-service-account");

/** Fails unless the same kind of answer comes in many shapes. */
async function expectMany(ask: () => Promise<unknown>): Promise<void> {
  const different = new Set<string>();
  for (let made = 0; made < PROBLEMS; made++) different.add(JSON.stringify(await ask()));
  expect(different.size).toBeGreaterThan(1);
}

const ofProblems = ({ media }: Answer) => media === "problem";

describe("to a revocation", () => {
  describe.each(answers)("a documented $status", (answer) => {
    test("reaches the caller as what it is", async () => {
      await expectAnswer(prism.url, answer);
    });

    test.each(answer.examples)("reaches the caller as in its example $name", async ({ name, value }) => {
      expect(await expectAnswer(prism.url, answer, { example: name })).toEqual(value);
    });
  });

  test.each(answers.filter(ofProblems))(
    `a documented $status reaches the caller with any problem that the schema allows, ${PROBLEMS} times`,
    async (answer) => {
      await expectMany(() => expectAnswer(prism.url, answer, { example: "any" }));
    },
  );
});

describe("to a read of the record", () => {
  describe.each(readings)("a documented $status", (answer) => {
    test("reaches the caller as what it is", async () => {
      await expectReading(prism.url, answer);
    });

    test.each(answer.examples)("reaches the caller as in its example $name", async ({ name, value }) => {
      expect(await expectReading(prism.url, answer, name)).toEqual(value);
    });
  });

  test.each(readings.filter(ofProblems))(
    `a documented $status reaches the caller with any problem that the schema allows, ${PROBLEMS} times`,
    async (answer) => {
      await expectMany(() => expectReading(prism.url, answer, "any"));
    },
  );

  test("a record that no example has is that of another account, and refused", async () => {
    const [record] = readings.filter(({ status }) => status === 200);
    await expect(expectReading(prism.url, { ...record, media: "json" } as Answer, "any")).rejects.toThrow();
  });
});

test("every outcome that is listed belongs to a documented answer", () => {
  const documented = answers.flatMap(({ status, media, examples }) => {
    const names = examples.map(({ name }) => `${status} ${name}`);
    return media ? [...names, `${status} any`] : [String(status)];
  });
  expect(Object.keys(OUTCOMES).sort()).toEqual(documented.sort());
});

test("an answer that is not listed fails: somebody must decide what it proves", async () => {
  const conflict: Answer = { status: 409, media: "problem", examples: [] };
  await expect(expectAnswer(prism.url, conflict)).rejects.toThrow("decide what 409 means");
});

test("the generated client knows the statuses that are documented as problems, and no others", () => {
  const statusesOf = (all: Answer[]) => all.filter(ofProblems).map(({ status }) => status);
  // An operation that is added has its own tests.
  expect(problemStatuses).toMatchObject({
    deleteServiceAccountToken: statusesOf(answers),
    getServiceAccount: statusesOf(readings),
  });
});
