// Reads an OpenAPI document: from a file, or the one that a deployment serves.
import { readFile } from "node:fs/promises";
import { BaseResolver, bundleFromString, createConfig } from "@redocly/openapi-core";
import type { OpenAPI3 } from "openapi-typescript";
import { Agent, request } from "undici";

/** Resolves the references within the document. Any other stays as it is: nothing else is loaded. */
async function parse(source: string, name: string): Promise<OpenAPI3> {
  const externalRefResolver = new BaseResolver();
  externalRefResolver.loadExternalRef = (ref) => Promise.reject(new Error(`${ref} is another document`));
  const options = { source, config: await createConfig({}), externalRefResolver, dereference: true };
  const { bundle } = await bundleFromString(options).catch(({ message }) => {
    throw new Error(`${name} is not an OpenAPI document: ${message}`);
  });
  return bundle.parsed;
}

export const readSpec = async (file: string): Promise<OpenAPI3> => parse(await readFile(file, "utf8"), file);

/** Sends no credential, follows no redirect, and reads at most 8 MiB. */
export async function fetchSpec(url: string): Promise<OpenAPI3> {
  const dispatcher = new Agent({ maxResponseSize: 8 * 1024 * 1024 });
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(20_000) });
    const source = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
    return await parse(source, url);
  } finally {
    await dispatcher.destroy();
  }
}
