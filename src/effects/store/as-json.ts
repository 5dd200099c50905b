/** JSON that every database reads: PostgreSQL refuses NUL and unpaired surrogates in it. */
import { Buffer } from "node:buffer"

const plainText = (text: string) => Buffer.from(text).toString().replaceAll("\0", "\ufffd")

/** With U+FFFD where a text holds what is no character. */
export const asJson = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) => (typeof held === "string" ? plainText(held) : held))
