// A body is read to its limit and no further, and what is not read is cancelled.
import { describe, expect, test } from "vitest";
import { announcesBody, discard, hasNoContent, isWebStream, readText } from "../../src/answer/body.js";

const LIMIT = 1_000;

/** @param signal never aborts by default. */
const read = (body: ReadableStream<Uint8Array>, signal = new AbortController().signal) => readText(body, LIMIT, signal);

/** A body that comes in chunks, as they are taken, and then ends, hangs or breaks. */
function bodyOf(chunks: Iterable<Uint8Array | string>, end: "end" | "hang" | "break" = "end") {
  const iterator = chunks[Symbol.iterator]();
  const state = { taken: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = iterator.next();
        if (!done) {
          state.taken++;
          return controller.enqueue(typeof value === "string" ? new TextEncoder().encode(value) : value);
        }
        if (end === "hang") await new Promise(() => {});
        if (end === "break") return controller.error(new Error("broken"));
        controller.close();
      },
      cancel: () => {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

describe("a body within the limit", () => {
  test.each([
    ["an empty one", bodyOf([]).body, ""],
    ["one chunk", bodyOf(["hello"]).body, "hello"],
    ["several chunks", bodyOf(["a", "", "b", "c"]).body, "abc"],
    ["a character that is cut in two", bodyOf([Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac)]).body, "€"],
    ["a character that is cut off at the end", bodyOf(["a", Uint8Array.of(0xe2, 0x82)]).body, "a\ufffd"],
    ["bytes that are no UTF-8", bodyOf([Uint8Array.of(0xff, 0x61)]).body, "\ufffda"],
  ])("%s is read whole", async (_, body, text) => {
    expect(await read(body)).toBe(text);
  });

  test("is not cancelled: its connection can be used again", async () => {
    const { body, state } = bodyOf(["x".repeat(LIMIT - 1)]);
    expect(await read(body)).toHaveLength(LIMIT - 1);
    expect(state.cancelled).toBe(false);
  });

  test("that breaks rejects with its error", async () => {
    await expect(read(bodyOf(["a"], "break").body)).rejects.toThrow("broken");
  });
});

describe("a body beyond the limit", () => {
  test("is not waited for", async () => {
    const { body, state } = bodyOf(["x".repeat(LIMIT)], "hang");
    expect(await read(body)).toHaveLength(LIMIT);
    expect(state.cancelled).toBe(true);
  });

  test("is cut, and the rest is not read but cancelled", async () => {
    const { body, state } = bodyOf(Array.from({ length: 100 }, () => "x".repeat(150)));
    expect(await read(body)).toBe("x".repeat(LIMIT));
    expect(state).toEqual({ taken: 7, cancelled: true });
  });

  test("of chunks without a byte is not read for ever", async () => {
    const { body, state } = bodyOf(Array.from({ length: 2 * LIMIT }, () => ""));
    expect(await read(body)).toBe("");
    expect(state).toEqual({ taken: LIMIT, cancelled: true });
  });

  test("is cut by bytes, not by characters", async () => {
    const { body } = bodyOf(["€".repeat(LIMIT)]);
    expect(await read(body)).toBe("€".repeat(Math.floor(LIMIT / 3)));
  });
});

describe("an abort", () => {
  test("before the body is read cancels it, and rejects with the reason", async () => {
    const { body, state } = bodyOf(["a"]);
    await expect(read(body, AbortSignal.abort("enough"))).rejects.toBe("enough");
    expect(state).toEqual({ taken: 0, cancelled: true });
  });

  test("while the body is read cancels it", async () => {
    const { body, state } = bodyOf(["a"], "hang");
    const controller = new AbortController();
    const reading = read(body, controller.signal);
    await Promise.resolve();
    expect(state.cancelled).toBe(false);
    controller.abort("enough");
    await reading;
    expect(state.cancelled).toBe(true);
  });
});

describe("a body that is not read", () => {
  test("is cancelled", () => {
    const { body, state } = bodyOf(["a"]);
    discard(body);
    expect(state).toEqual({ taken: 0, cancelled: true });
  });

  test("may be no web stream: node-fetch has a stream of Node's, without cancel()", () => {
    discard({});
    expect([isWebStream({}), isWebStream(bodyOf([]).body)]).toEqual([false, true]);
  });

  test.each<[string, () => void]>([
    ["rejects", () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("may have a cancel() that %s: the answer stands", async (_, cancel) => {
    discard({ cancel });
    // An unhandled rejection would fail the run.
    await new Promise(setImmediate);
  });
});

describe("an answer without content", () => {
  test("is a 204, a 205 or a 304, and no other", () => {
    const found = Array.from({ length: 1_000 }, (_, status) => status).filter(hasNoContent);
    expect(found).toEqual([204, 205, 304]);
  });

  test.each<[number, Record<string, string>, boolean]>([
    [204, {}, false],
    [204, { "Content-Length": "0" }, false],
    [204, { "Content-Length": "5" }, true],
    [204, { "Transfer-Encoding": "chunked" }, true],
    [304, {}, false],
    [304, { "Content-Length": "5" }, true],
    [205, {}, true],
    [205, { "Content-Length": "0" }, false],
    [205, { "Content-Length": "0", "Transfer-Encoding": "chunked" }, true],
  ])("may announce a body all the same: %i %j %s", (status, headers, announced) => {
    expect(announcesBody(status, new Headers(headers))).toBe(announced);
  });
});
