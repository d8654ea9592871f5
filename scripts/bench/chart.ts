// The chart that the README shows: what a call costs with 16 in flight, and who told the truth.
import type { Costs } from "./cost.js";
import { OURS, OURS_UNDICI } from "./peers.js";
import type { Truth } from "./truth.js";

const ROW = 26;
const LEFT = 290;
const WIDTH = 820;
const BAR = 310;

const escapeText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Colours of its own background, so that it can be read on a light page and on a dark one. */
export function chart({ sixteen }: Costs, { rows, scores }: Truth): string {
  const names = [...sixteen.keys()];
  const most = Math.max(...sixteen.values());
  const lines = names.map((name, index) => {
    const value = sixteen.get(name) ?? 0;
    const score = scores.get(name);
    const wrong = score ? score.wrongRevoked + score.wrongFailed : 0;
    const y = 62 + index * ROW;
    const ours = name === OURS || name === OURS_UNDICI;
    const width = Math.max(2, (BAR * value) / most);
    return `  <text x="${LEFT - 12}" y="${y + 13}" text-anchor="end"${ours ? ' font-weight="600"' : ""}>${escapeText(name)}</text>
  <rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="17" rx="2" fill="${ours ? "#1a7f5a" : "#9aa5b1"}"/>
  <text x="${(LEFT + width + 8).toFixed(1)}" y="${y + 13}">${value.toFixed(0)} µs</text>
  <text x="${WIDTH - 16}" y="${y + 13}" text-anchor="end" fill="${wrong ? "#b42318" : "#1a7f5a"}">${wrong} of ${rows}</text>`;
  });
  const height = 62 + names.length * ROW + 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Cost of a call and wrong answers, by client" font-family="system-ui, sans-serif" font-size="13" fill="#1f2933">
  <rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>
  <text x="${LEFT}" y="26" font-weight="600">a call, 16 in flight</text>
  <text x="${WIDTH - 16}" y="26" text-anchor="end" font-weight="600">wrong about the token</text>
  <text x="${LEFT}" y="44" fill="#52606d">µs, less is better</text>
  <text x="${WIDTH - 16}" y="44" text-anchor="end" fill="#52606d">faults of the table</text>
${lines.join("\n")}
</svg>
`;
}
