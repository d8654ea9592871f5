// The fake API is held to openapi.yaml: Prism's validating proxy stands before it and must find nothing to object to.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Prism, startPrismProxy } from "../../scripts/prism.js";
import { createFakeKaiten, type Fault } from "../../src/testing/index.js";
import { readAnswers } from "./spec.js";

const slugs = ["old-key", "older-key", "deploy-key", "live-key"];
const tokens = slugs.map((tokenSlug) => ({ serviceAccountSlug: "ci-bot", tokenSlug }));
const EXPIRED = { serviceAccountSlug: "ci-bot", tokenSlug: "expired-key", expiresAt: "2026-01-01T00:00:00Z" };
const fake = createFakeKaiten({ tokens: [...tokens, EXPIRED] });
fake.credentials.set("ksh_without-scopes", []);

interface Way {
  token?: string;
  /** Slugs: of the account, and for a DELETE of the token. */
  account?: string;
  slug?: string;
  fault?: Fault;
}

/** Every way in which the fake gives a documented answer, by status. */
const WAYS: Record<"DELETE" | "GET", Record<number, Record<string, Way>>> = {
  DELETE: {
    204: { "a token that is active": {}, "an answer of a stale replica": { slug: "old-key", fault: "stale-replica" } },
    400: { "a played 400": { fault: "api-400" } },
    401: {
      "an unknown credential": { token: "ksh_unknown" },
      "a database that is down": { fault: "database-down" },
    },
    403: { "a credential without the scope": { token: "ksh_without-scopes" } },
    404: {
      "a token that is revoked": {},
      "a token that is revoked on the way, by the same request": { slug: "older-key", fault: "sent-twice" },
      "a membership that has ended": { fault: "membership-ended" },
      "a token that stays hidden": { fault: "hidden-token" },
      "a wrong base URL": { fault: "wrong-base-url" },
    },
    422: { "a played 422": { fault: "api-422" } },
    429: { "the gateway's limit": { fault: "gateway-429" } },
    500: {
      "a played 500 before the commit": { fault: "api-500-before-commit" },
      "a played 500 after the commit": { fault: "api-500-after-commit" },
    },
  },
  GET: {
    200: { "an account with active, expired and, by then, revoked tokens": {} },
    401: { "an unknown credential": { token: "ksh_unknown" }, "a database that is down": { fault: "database-down" } },
    403: { "a credential without the scope": { token: "ksh_without-scopes" } },
    404: {
      "an unknown account": { account: "cd-bot" },
      "a membership that has ended": { fault: "membership-ended" },
      "a wrong base URL": { fault: "wrong-base-url" },
    },
    500: { "a record that cannot be read": { fault: "record-unreadable" } },
  },
};

/** Documented, and not played: nothing in a request is malformed, and the limit of a second is the test of the fake. */
const NOT_PLAYED = { DELETE: [], GET: [400, 429] };

let server: Awaited<ReturnType<typeof fake.listen>>;
let prism: Prism | undefined;
let folder: string;
beforeAll(async () => {
  server = await fake.listen();
  // Prism compares media types with their parameters. JSON has none that means anything (RFC 8259 §11).
  folder = await mkdtemp(join(tmpdir(), "fake-"));
  const spec = (await readFile("openapi.yaml", "utf8")).replace(/(\+json)\s*;[^"':]*/g, "$1");
  await writeFile(join(folder, "openapi.yaml"), spec);
  prism = await startPrismProxy(join(folder, "openapi.yaml"), server.url);
});
afterAll(async () => {
  await prism?.stop();
  await server?.close();
  await rm(folder, { recursive: true });
});

async function throughPrism(method: "DELETE" | "GET", way: Way): Promise<Response> {
  const { token = fake.credential, account = "ci-bot", slug = "deploy-key", fault } = way;
  if (fault) fake.play(fault);
  const headers = { authorization: `Bearer ${token}` };
  const path = `/service-accounts/${account}${method === "DELETE" ? `/tokens/${slug}` : ""}`;
  return fetch(`${prism?.url}${path}`, { method, headers });
}

test.each(
  (["DELETE", "GET"] as const).flatMap((method) =>
    Object.entries(WAYS[method]).flatMap(([status, ways]) =>
      Object.entries(ways).map(([name, way]) => ({ method, status: Number(status), name, way })),
    ),
  ),
)("its $status to a $method for $name is as documented", async ({ method, status, way }) => {
  const before = fake.requests.length;
  const response = await throughPrism(method, way);
  expect(fake.requests.slice(before), await response.text()).toMatchObject([{ method, answered: status }]);
  expect(response.status).toBe(status);
  expect(response.headers.get("sl-violations")).toBeNull();
  // Prism does not tell application/json from application/problem+json.
  const type = status === 429 ? "text/plain" : status >= 400 ? "application/problem+json" : "application/json";
  if (status !== 204) expect(response.headers.get("content-type")).toBe(type);
});

test.each([
  ["DELETE", "delete-service-account-token"],
  ["GET", "get-service-account"],
] as const)("every status that is documented for a %s is among them", async (method, id) => {
  const documented = (await readAnswers("openapi.yaml", id)).map(({ status }) => status);
  const played = [...Object.keys(WAYS[method]).map(Number), ...NOT_PLAYED[method]];
  expect(played.sort()).toEqual(documented);
});

test("Prism objects to an answer that is not documented", async () => {
  fake.play("login-page");
  expect((await throughPrism("DELETE", {})).headers.get("sl-violations")).toContain(
    "Unable to match the returned status code",
  );
});
