/** What is wrong as a body, in a body, or for a parameter. */
import type { JsonObject } from "../json-schema.ts"

/** Wrong texts for a parameter, made from its schema. */
export const badValues = (schema: JsonObject): ReadonlyArray<string> => {
  const { enum: values, format, maxLength, maximum, minLength, pattern, type } = schema
  if (type === "integer")
    return ["0", "-1", "1.5", "x", "", "1e3", "0x10", "9".repeat(400), String(Number(maximum) + 1), "1\u0000"]
  if (Array.isArray(values)) return ["", "x", "1 ", "JSON", "\u0000", "x".repeat(10_000)]
  if (format === "date-time") return ["", "now", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05", "\u0000"]
  if (pattern !== undefined) return ["", "!", "\u0000", "x".repeat(10_000)]
  return [
    ...(Number(minLength) > 0 ? [""] : []),
    ...(maxLength === undefined ? [] : ["x".repeat(Number(maxLength) + 1)]),
  ]
}

/** Texts for any place: taken, or refused by name. */
export const TEXTS = [
  "a\u0000b",
  "\u0000",
  "a\r\nb",
  "\u202eabc",
  "\ud83d",
  "ﷺ".repeat(20),
  "Ärger 📺 в эфире",
  "'; DROP TABLE channels; --",
  "../../etc/passwd",
]

/** Bodies that are no JSON object in UTF-8, some of them made from one that is. */
export const notJson = (example: string): ReadonlyArray<string | Uint8Array<ArrayBuffer>> => [
  "",
  " ",
  "{",
  `${example.slice(0, -1)}`,
  `${example}x`,
  "[]",
  "null",
  "1",
  '"x"',
  "\u0000",
  `\u0000${example}`,
  "name=x",
  "[".repeat(100_000),
  `{"a":${'{"a":'.repeat(10_000)}1${"}".repeat(10_001)}`,
  '{"name":"a","name":"b"}',
  '{"__proto__":{"name":"x"}}',
  '{"constructor":{"prototype":{}}}',
  '{"rtp_port":1e999}',
  '{"rtp_port":NaN}',
  new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  new Uint8Array([0xff, 0xfe, 0x7b, 0x00]),
]

/** Aliases of aliases: 9^10 values when written out. */
const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij".replace(/./g, (name, i: number) => `${name}: &${name} [${`*${"abcdefghij"[i]},`.repeat(9)}]\n`)}`
/** YAML that is refused for what only YAML has. */
export const ODD_YAML: ReadonlyArray<string> = [
  "",
  "a: b: c",
  "\t- x",
  "&a [*a]",
  "? {a: 1}\n: 2",
  "!!binary x",
  "--- 1\n--- 2",
  "a: 1\na: 2",
  "<<: {a: 1}",
  "a: .nan",
  bomb,
]
