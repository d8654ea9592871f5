// The targets, held against what was measured in the same run: a missed one is named as missed.
import type { Costs } from "./cost.js";
import { type Section, table } from "./figures.js";
import type { Memory } from "./memory.js";
import { FETCH, OURS, OURS_UNDICI } from "./peers.js";
import type { Sizes } from "./size.js";
import type { Starts } from "./start.js";
import type { Truth } from "./truth.js";

export interface Measured {
  costs: Costs;
  memory: Memory;
  sizes: Sizes;
  starts: Starts;
  truth: Truth;
}

export function describeTargets({ costs, memory, sizes, starts, truth }: Measured): Section {
  const ratio = (figures: Map<string, number>, name: string, base = FETCH) =>
    (figures.get(name) ?? Number.NaN) / (figures.get(base) ?? Number.NaN);
  const dearest = (figures: Map<string, number>) =>
    Math.max(...["hey-api", "ky", "axios"].map((peer) => ratio(figures, OURS, peer)));
  const score = truth.scores.get(OURS);
  const wrong = score ? score.wrongRevoked + score.wrongFailed + score.hung + score.shown : Number.NaN;
  const rows: [string, number, number, string][] = [
    ["a call, one at a time, to hey-api, ky and axios: the dearest ratio", dearest(costs.one), 1, "×"],
    ["a call, 16 in flight, to hey-api, ky and axios: the dearest ratio", dearest(costs.sixteen), 1, "×"],
    ["a call, one at a time, to fetch (the goal is 1.10 ×)", ratio(costs.one, OURS), 1.25, "×"],
    ["a call, 16 in flight, to fetch (the goal is 1.10 ×)", ratio(costs.sixteen, OURS), 1.25, "×"],
    ["bulk over undici, to fetch", ratio(costs.bulk, OURS_UNDICI), 1 / 3, "×"],
    ["memory, many references to few", memory.mib[1] / memory.mib[0], 1.3, "×"],
    ["bundle, gzip", (sizes.get(OURS)?.gzip ?? Number.NaN) / 1000, 6, "kB"],
    ["kaiten-tokens --help, to node", ratio(starts, "kaiten-tokens --help", "node -e 0"), 2.5, "×"],
    [`wrong, hung or telling, of ${truth.rows} faults`, wrong, 0, ""],
  ];
  const cells = rows.map(([what, value, most, unit]) => {
    const digits = unit === "" ? 0 : 2;
    return [
      what,
      `${value.toFixed(digits)} ${unit}`,
      `${most.toFixed(digits)} ${unit}`,
      value <= most ? "met" : "**missed**",
    ];
  });
  return { title: "Targets", text: table(["", "measured", "at most", ""], cells) };
}
