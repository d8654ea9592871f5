// What the person at the terminal can mend: told in its own words, without a stack. Nothing was sent.
export class UsageError extends Error {}
