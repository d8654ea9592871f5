// The command behind a gateway that loses answers, killed again and again: the same command ends with every token dead.
import { expect, test } from "vitest";
import { createFakeKaiten } from "../../src/testing/index.js";
import { CREDENTIAL, makeFolder, runChild, start } from "../cli/command.js";
import { certifyOnce } from "./certificate.js";
import { describeWith, startGateway } from "./gateway.js";
import { serve } from "./origin.js";
import { refsOf } from "./run.js";

const KILLS = 4;

describeWith("nginx")("nginx", () => {
  test("500 tokens, one answer in ten is lost, killed four times: the same command ends with 0", async () => {
    const refs = refsOf(500);
    const fake = createFakeKaiten({ tokens: refs, credential: CREDENTIAL });
    fake.play("lost-after-commit", { times: Number.POSITIVE_INFINITY, rate: 0.1 });
    let onDelete = () => {};
    await using origin = await serve((url, init) => {
      if (init.method === "DELETE") onDelete();
      return fake.fetch(url, init);
    });
    const { pem } = await certifyOnce();
    const values = { origin: origin.port, keepalive: "60s" };
    await using gateway = await startGateway("relay.nginx.conf", values, { "server.pem": pem });
    const folder = makeFolder();
    folder.write("leak.ndjson", refs.map((ref) => `${JSON.stringify(ref)}\n`).join(""));
    const env = { KAITEN_BASE_URL: `http://127.0.0.1:${gateway.port()}/api` };
    const args = ["revoke", "--from", "leak.ndjson", "--yes"];
    for (let kills = 0; kills < KILLS; kills++) {
      let left = 60;
      const running = start(args, { env, folder });
      onDelete = () => {
        if (--left === 0) running.kill("SIGKILL");
      };
      const { code, stdout } = await running.ended;
      expect(code).toBe(null);
      for (const [, account = "", token = ""] of stdout.matchAll(/^revoked\t(.*)\t(.*)\t.*\n/gm)) {
        expect(fake.isAlive({ serviceAccountSlug: account, tokenSlug: token })).toBe(false);
      }
    }
    onDelete = () => {};
    const { code, stdout, stderr } = await runChild(args, { env, folder });
    expect(stderr).toContain("500 tokens, revoked 500 (");
    expect(stdout.match(/^revoked\t/gm)).toHaveLength(500);
    expect(fake.alive()).toEqual([]);
    expect(code).toBe(0);
  });
});
