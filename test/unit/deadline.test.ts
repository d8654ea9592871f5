// A task with a limit, and a pause that can be cut short. Neither leaves a timer or a listener behind.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeadlineError } from "../../src/answer/result.js";
import { onAbort, pause, withDeadline } from "../../src/call/deadline.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

/** Nothing waits any more: neither for time nor for an abort. */
function expectNothingLeft(signal: AbortSignal) {
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
}

describe("withDeadline", () => {
  test("returns what the task returns", async () => {
    const { signal } = new AbortController();
    expect(await withDeadline(1_000, signal, async () => "done")).toBe("done");
    expectNothingLeft(signal);
  });

  test("throws what the task throws", async () => {
    const { signal } = new AbortController();
    await expect(withDeadline(1_000, signal, () => Promise.reject("broken"))).rejects.toBe("broken");
    expectNothingLeft(signal);
  });

  test.each([
    [
      "heeds its signal",
      ({ signal }: AbortController) => new Promise((_, reject) => signal.addEventListener("abort", reject)),
    ],
    ["does not heed it", never],
  ])("ends a task that %s, in time and not before", async (_, task) => {
    const { signal } = new AbortController();
    const given: AbortSignal[] = [];
    const ended = vi.fn();
    const run = withDeadline(1_000, signal, (controller) => {
      given.push(controller.signal);
      return task(controller);
    }).catch((error: unknown) => ended(error));
    await vi.advanceTimersByTimeAsync(999);
    expect(given[0]?.aborted).toBe(false);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await run;
    expect(given[0]?.reason).toBeInstanceOf(DeadlineError);
    expect(ended.mock.calls).toEqual([[given[0]?.reason]]);
    expectNothingLeft(signal);
  });

  test("ends a task when the caller aborts, with the caller's reason", async () => {
    const controller = new AbortController();
    let inner: AbortSignal | undefined;
    const run = withDeadline(1_000, controller.signal, ({ signal }) => {
      inner = signal;
      return never();
    });
    controller.abort("enough");
    await expect(run).rejects.toBe("enough");
    expect(inner?.reason).toBe("enough");
    expectNothingLeft(controller.signal);
  });

  test("does not begin what was aborted before", async () => {
    const task = vi.fn(never);
    const signal = AbortSignal.abort("before");
    await expect(withDeadline(1_000, signal, task)).rejects.toBe("before");
    expect(task).not.toHaveBeenCalled();
    expectNothingLeft(signal);
  });

  test("needs no caller's signal", async () => {
    const run = withDeadline(5, undefined, never).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5);
    expect(await run).toBeInstanceOf(DeadlineError);
  });

  test("lets a task abort its own signal and go on", async () => {
    const { signal } = new AbortController();
    const run = withDeadline(1_000, signal, async (controller) => {
      controller.abort("by itself");
      return controller.signal.reason;
    });
    expect(await run).toBe("by itself");
    expect(signal.aborted).toBe(false);
    expectNothingLeft(signal);
  });
});

describe("onAbort", () => {
  test("calls everybody back, with one listener, until they forget it", () => {
    const controller = new AbortController();
    const called: number[] = [];
    const forgets = Array.from({ length: 20 }, (_, index) => onAbort(controller.signal, () => called.push(index)));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    for (const forget of forgets.splice(0, 18)) forget();
    controller.abort();
    expect(called).toEqual([18, 19]);
    for (const forget of [...forgets, ...forgets]) forget();
    expectNothingLeft(controller.signal);
  });

  test("listens again to a signal that nobody was waiting for meanwhile", () => {
    const controller = new AbortController();
    const called = vi.fn();
    onAbort(controller.signal, () => {})();
    onAbort(controller.signal, called);
    controller.abort();
    expect(called).toHaveBeenCalledOnce();
  });

  test("calls back also who is forgotten by another one", () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => {
      called.push("first");
      forget();
    });
    const forget = onAbort(controller.signal, () => called.push("second"));
    controller.abort();
    expect(called).toEqual(["first", "second"]);
  });
});

describe("pause", () => {
  test.each([true, false])("lasts as long as it should (with a signal: %s)", async (given) => {
    const { signal } = new AbortController();
    const ended = vi.fn();
    const waiting = pause(1_000, given ? signal : undefined).then(ended);
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expectNothingLeft(signal);
  });

  test("ends at once when the caller aborts", async () => {
    const controller = new AbortController();
    const waiting = pause(1_000, controller.signal);
    controller.abort("enough");
    await waiting;
    expectNothingLeft(controller.signal);
  });

  test("ends at once where the caller has aborted before", async () => {
    const signal = AbortSignal.abort("before");
    await pause(1_000, signal);
    expectNothingLeft(signal);
  });
});
