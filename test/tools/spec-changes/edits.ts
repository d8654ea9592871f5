// Edits of a spec by path. An edit that does not find what it expects is an error: it must not lose its effect.

export type Path = readonly string[];
export type Edit = (spec: object) => void;

function edit(path: Path, isThere: boolean, change: (parent: Record<string, unknown>, key: string) => void): Edit {
  return (spec) => {
    const parent = path.slice(0, -1).reduce<unknown>((node, key) => Object(node)[key], spec);
    const key = path.at(-1) ?? "";
    if (Object.hasOwn(Object(parent), key) !== isThere) {
      throw new Error(`The spec has ${isThere ? "nothing" : "something"} at ${path.join(" > ")}.`);
    }
    change(Object(parent), key);
  };
}

/** Adds a member to an object, or an item at the end of a list. */
export const add = (path: Path, value: unknown): Edit =>
  edit(path, false, (parent, key) => {
    parent[key] = value;
  });

export const replace = (path: Path, value: unknown): Edit =>
  edit(path, true, (parent, key) => {
    parent[key] = value;
  });

export const remove = (path: Path): Edit =>
  edit(path, true, (parent, key) => {
    delete parent[key];
  });

/** Gives a member of an object another name. */
export const rename = (path: Path, name: string): Edit =>
  edit(path, true, (parent, key) => {
    parent[name] = parent[key];
    delete parent[key];
  });
