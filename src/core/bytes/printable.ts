/**
 * What no line of a log and no page may hold as it is: control characters, line separators and those that turn the
 * direction of text.
 */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/**
 * Text of a stranger, safe to show in a log, on a terminal and on a page: characters that move a terminal's cursor,
 * begin a line or turn the direction of text are written as \uXXXX. Everything else stays as it is.
 */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
