// What a runtime is here: something that may be on this machine, and plays the scenario.
import type { Scene, Servers } from "./scenario.js";

export type Seen = Record<Scene, string>;

export interface Runtime {
  name: string;
  /** @throws {Unavailable} where this machine cannot have it. */
  find(): Promise<Found>;
  /** Where it cannot do as Node does. */
  unlike?: Partial<Seen>;
}

export interface Found {
  version: string;
  /**
   * Plays the whole scenario; once.
   *
   * @param folder the consumer's.
   */
  play(folder: string, servers: Servers): Promise<Seen>;
}

/** Why this machine cannot have a runtime. */
export class Unavailable extends Error {}
