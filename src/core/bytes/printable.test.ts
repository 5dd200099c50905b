import { expect, it } from "vitest"
import { printable } from "./printable.ts"

it.each([
  ["news/main", "news/main"],
  ["Ünïcode ✓ 日本", "Ünïcode ✓ 日本"],
  ["\u001b]0;pwn\u0007\u001b[31mred", "\\u001b]0;pwn\\u0007\\u001b[31mred"],
  ["line\r\n[FAKE] INFO: all is well", "line\\u000d\\u000a[FAKE] INFO: all is well"],
  ["\u009b31m\u2028\u2029\u007f", "\\u009b31m\\u2028\\u2029\\u007f"],
  ["\u202e\u2066rtl\u2069\u200f\ufeff", "\\u202e\\u2066rtl\\u2069\\u200f\\ufeff"],
])("%j is shown as %j", (text, shown) => {
  expect(printable(text)).toBe(shown)
})
