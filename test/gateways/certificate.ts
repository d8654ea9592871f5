// Certificates that are their own authority.
import { randomUUID } from "node:crypto";
import { generate } from "selfsigned";

type Dates = Parameters<typeof generate>[1] & object;

let shared: ReturnType<typeof certify> | undefined;

/** One for all tests of a file: a key takes its time. */
export const certifyOnce = () => {
  shared ??= certify();
  return shared;
};

/** @returns the certificate, and a file with its key for a gateway. */
export async function certify(host = "127.0.0.1", dates: Dates = {}): Promise<{ ca: string; pem: string }> {
  const altName = host === "127.0.0.1" ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const);
  // Authorities of one name would be taken for each other.
  const made = await generate([{ name: "commonName", value: `${host} ${randomUUID()}` }], {
    ...dates,
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [altName] },
    ],
  });
  return { ca: made.cert, pem: `${made.cert}\n${made.private}` };
}
