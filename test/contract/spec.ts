// What a spec documents of an operation, read when the tests run: a status that is added there is tested unasked.
import { bundle, createConfig } from "@redocly/openapi-core";
import { isProblemType } from "../../src/errors/problem.js";

/** A documented answer. */
export interface Answer {
  status: number;
  /** What its body is. Undefined: nothing is documented. */
  media: "problem" | "json" | undefined;
  /** In the order of the spec. */
  examples: { name: string; value: unknown }[];
}

/** As much of a spec as is read here, its references resolved. */
interface Spec {
  paths: Record<string, Record<string, { operationId?: string; responses: Record<string, Response> }>>;
}
interface Response {
  content?: Record<string, { examples?: Record<string, { value: unknown }> }>;
}

/** @throws {Error} where the spec has no such operation, or documents what Prism cannot be asked for. */
export async function readAnswers(file: string, id = "delete-service-account-token"): Promise<Answer[]> {
  const { bundle: document } = await bundle({ ref: file, config: await createConfig({}), dereference: true });
  const { paths }: Spec = document.parsed;
  const operation = Object.values(paths)
    .flatMap((item) => Object.values(item))
    .find(({ operationId }) => operationId === id);
  if (!operation) throw new Error(`${file} has no operation ${id}.`);
  return Object.entries(operation.responses).map(([status, { content = {} }]) => {
    if (!/^\d{3}$/.test(status)) throw new Error(`${file} documents "${status}", which Prism cannot be asked for.`);
    const [type, described] = Object.entries(content)[0] ?? [];
    const examples = Object.entries(described?.examples ?? {}).map(([name, { value }]) => ({ name, value }));
    const media = type === undefined ? undefined : isProblemType(type) ? "problem" : "json";
    return { status: Number(status), media, examples };
  });
}
