// Undoes the content codings of a body, within its limit. For transports that leave them on; needs Node.
import {
  type BrotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type Gunzip,
  type Inflate,
} from "node:zlib";

type Decoder = Gunzip | Inflate | BrotliDecompress;

const GZIP = (isWhole: boolean): Decoder => createGunzip({ finishFlush: zlibFlush(isWhole) });
const zlibFlush = (isWhole: boolean) => (isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH);
const brotliFlush = (isWhole: boolean) =>
  isWhole ? constants.BROTLI_OPERATION_FINISH : constants.BROTLI_OPERATION_FLUSH;

/** Codings of a body (RFC 9110 §8.4.1). They are not requested, but a proxy may apply them all the same. */
const DECODERS = new Map<string, (isWhole: boolean) => Decoder>([
  ["gzip", GZIP],
  ["x-gzip", GZIP],
  ["deflate", (isWhole) => createInflate({ finishFlush: zlibFlush(isWhole) })],
  ["br", (isWhole) => createBrotliDecompress({ finishFlush: brotliFlush(isWhole) })],
]);

/** More than one is a mistake already; each takes memory. The platform's `fetch` has the same limit. */
const MAX_CODINGS = 5;

/**
 * @param isWhole whether the body is complete: else its end may be missing.
 * @returns the text; with a coding that is not known, as it came, as the platform's `fetch` does.
 */
export async function decode(
  bytes: Buffer,
  { header, isWhole, limit }: { header: string | null; isWhole: boolean; limit: number },
): Promise<string> {
  // The last coding was applied last.
  const codings = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .reverse();
  if (codings.length > MAX_CODINGS) throw new Error(`the answer has more than ${MAX_CODINGS} content codings`);
  const decoders = codings.flatMap((name) => DECODERS.get(name) ?? []);
  let decoded = bytes;
  let isComplete = isWhole;
  for (const create of decoders.length === codings.length ? decoders : []) {
    decoded = await inflate(create(isComplete), decoded, limit);
    isComplete &&= decoded.length < limit;
  }
  return new TextDecoder().decode(decoded);
}

/** Reads no more than the limit, however much the bytes expand to. */
function inflate(decoder: Decoder, bytes: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    decoder.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < limit) return;
      resolve(Buffer.concat(chunks).subarray(0, limit));
      decoder.destroy();
    });
    decoder.on("end", () => resolve(Buffer.concat(chunks)));
    decoder.on("error", reject);
    decoder.end(bytes);
  });
}
