// What was measured, as tables in Markdown and as a chart.
import { CAREFUL, FETCH, OURS, UNDICI } from "./clients.js";
import type { Costs } from "./cost.js";
import type { Score } from "./truth.js";

export type Measured = Record<"one" | "sixteen" | "bulk" | "starts", Costs> & {
  sizes: ReadonlyMap<string, number>;
  truth: ReadonlyMap<string, Score>;
};

type Cells = readonly (string | number)[];

/** Numbers stand to the right. */
function table(title: string, head: Cells, rows: readonly Cells[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return `## ${title}\n\n${[head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`;
}

const ratio = (costs: Costs, name: string, base: string) =>
  (costs.get(name)?.p25 ?? Number.NaN) / (costs.get(base)?.p25 ?? Number.NaN);

function cells(costs: Costs, name: string, base: string): string[] {
  const { p25 = Number.NaN, median = Number.NaN } = costs.get(name) ?? {};
  return [p25.toFixed(0), median.toFixed(0), `${ratio(costs, name, base).toFixed(2)} ×`];
}

export function tables(measured: Measured): string {
  const { truth, one, sixteen, bulk, sizes, starts } = measured;
  const costRows = (costs: Costs, base: string) => [...costs.keys()].map((name) => [name, ...cells(costs, name, base)]);
  const truthHead = ["client", "faults", 'wrong "revoked"', 'wrong "failed"', "no answer", "leaked credential"];
  const truthRows = [...truth].map(([name, score]) => [name, ...Object.values(score)]);
  const callHead = ["p25", "median", "÷ careful fetch"];
  const callRows = costRows(one, CAREFUL).map((row) => [...row, ...cells(sixteen, row[0] ?? "", CAREFUL)]);
  const sizeRows = [...sizes].map(([name, size]) => [name, size.toFixed(1)]);
  return [
    table("Truth", truthHead, truthRows),
    table("A call, in µs: one at a time, then 16 in flight", ["client", ...callHead, ...callHead], callRows),
    table("A call in bulk, in µs", ["client", "p25", "median", "÷ fetch"], costRows(bulk, FETCH)),
    table("Size in a browser, in kB", ["client", "gzip"], sizeRows),
    table("Start, in ms", ["process", "p25", "median", "÷ node"], costRows(starts, "node -e 0")),
    table("Targets", ["", "measured", "at most", ""], targets(measured)),
  ].join("\n");
}

function targets({ truth, one, sixteen, bulk, sizes, starts }: Measured): string[][] {
  const [, ...wrong] = Object.values(truth.get(OURS) ?? [0, Number.NaN]);
  const rows: [string, number, number][] = [
    ["faults with a wrong claim, no answer or a leak", Math.max(...wrong), 0],
    ["a call ÷ careful fetch, one at a time", ratio(one, OURS, CAREFUL), 1.12],
    ["a call ÷ careful fetch, 16 in flight", ratio(sixteen, OURS, CAREFUL), 1.1],
    ["a call ÷ hey-api, 16 in flight", ratio(sixteen, OURS, "hey-api"), 0.75],
    ["a call ÷ ky, 16 in flight", ratio(sixteen, OURS, "ky"), 0.75],
    ["a call ÷ axios, 16 in flight", ratio(sixteen, OURS, "axios"), 0.55],
    ["bulk over undici ÷ fetch", ratio(bulk, UNDICI, FETCH), 0.35],
    ["bundle for a browser, gzip, in kB", sizes.get(OURS) ?? Number.NaN, 10],
    ["kaiten-tokens --help ÷ node -e 0", ratio(starts, "kaiten-tokens --help", "node -e 0"), 1.35],
  ];
  return rows.map(([what, value, most]) => {
    return [what, value.toFixed(2), most.toFixed(2), value <= most ? "met" : "**missed**"];
  });
}

/** Cost with 16 in flight, and wrong claims. It has a background of its own, for pages in light and in dark. */
export function chart({ sixteen, truth }: Measured): string {
  const most = Math.max(...[...sixteen.values()].map(({ p25 }) => p25));
  const bars = [...sixteen].map(([name, { p25 }], index) => {
    const { faults = 0, wrongRevoked = 0, wrongFailed = 0 } = truth.get(name) ?? {};
    const wrong = wrongRevoked + wrongFailed;
    const ours = name.startsWith(OURS);
    const y = 75 + index * 26;
    const width = Math.round((310 * p25) / most);
    return `  <text x="278" y="${y}" text-anchor="end" font-weight="${ours ? 600 : 400}">${name}</text>
  <rect x="290" y="${y - 13}" width="${width}" height="17" rx="2" fill="${ours ? "#1a7f5a" : "#9aa5b1"}"/>
  <text x="${298 + width}" y="${y}">${p25.toFixed(0)} µs</text>
  <text x="804" y="${y}" text-anchor="end" fill="${wrong ? "#b42318" : "#1a7f5a"}">${wrong} of ${faults}</text>`;
  });
  const height = 76 + bars.length * 26;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="820" height="${height}" viewBox="0 0 820 ${height}" role="img" aria-label="Cost of a call and wrong claims, by client" font-family="system-ui, sans-serif" font-size="13" fill="#1f2933">
  <rect width="100%" height="100%" rx="6" fill="#ffffff"/>
  <text x="290" y="36" font-weight="600">a call, 16 in flight (less is better)</text>
  <text x="804" y="36" text-anchor="end" font-weight="600">wrong about the token</text>
${bars.join("\n")}
</svg>
`;
}
