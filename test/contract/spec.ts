// What a spec documents of the operation, read when the tests run: a status that is added there is tested unasked.
import { bundle, createConfig } from "@redocly/openapi-core";
import { isProblemType } from "../../src/errors/problem.js";
import type { Problem } from "../../src/index.js";

const OPERATION = "delete-service-account-token";

/** A documented answer. */
export interface Answer {
  status: number;
  /** Whether its body is a problem. */
  problem: boolean;
  /** In the order of the spec. */
  examples: { name: string; value: Problem }[];
}

/** As much of a spec as is read here, its references resolved. */
interface Spec {
  paths: Record<string, Record<string, { operationId?: string; responses: Record<string, Response> }>>;
}
interface Response {
  content?: Record<string, { examples?: Record<string, { value: Problem }> }>;
}

/** @throws {Error} where the spec has no such operation, or documents what Prism cannot be asked for. */
export async function readAnswers(file: string): Promise<Answer[]> {
  const { bundle: document } = await bundle({ ref: file, config: await createConfig({}), dereference: true });
  const { paths }: Spec = document.parsed;
  const operation = Object.values(paths)
    .flatMap((item) => Object.values(item))
    .find(({ operationId }) => operationId === OPERATION);
  if (!operation) throw new Error(`${file} has no operation ${OPERATION}.`);
  return Object.entries(operation.responses).map(([status, { content = {} }]) => {
    if (!/^\d{3}$/.test(status)) throw new Error(`${file} documents "${status}", which Prism cannot be asked for.`);
    const media = Object.entries(content).find(([type]) => isProblemType(type))?.[1];
    const examples = Object.entries(media?.examples ?? {}).map(([name, { value }]) => ({ name, value }));
    return { status: Number(status), problem: media !== undefined, examples };
  });
}
