// Text line by line, from a stream of any length.

export async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of text) {
    const [first = "", ...others] = chunk.split("\n");
    rest += first;
    for (const line of others) {
      yield rest;
      rest = line;
    }
  }
  if (rest) yield rest;
}
