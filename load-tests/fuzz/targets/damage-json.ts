/** Damages JSON as a value and as a text. */
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { damageBytes, oneOf } from "../fuzz-target.ts"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

const NUMBERS = [0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300, -0, 65_535, 65_536, 188, 1e-300]
const TEXTS = [
  "",
  " ",
  "\u0000",
  "a\r\nb",
  "\u202eabc",
  "\ud83d",
  "x".repeat(5000),
  "__proto__",
  "srt://[::1]:1?mode=listener",
  "udp://239.1.1.1:99999",
  "rtmp://h/a/b/c?d=e#f",
  "file://../../../etc",
  "2026-13-45T99:99:99Z",
  "%00%ff",
  "***",
  "'; DROP TABLE channels; --",
]
const NAMES = ["__proto__", "constructor", "", "name", "url", "id", "no_such_field", "x".repeat(300), "\u0000"]

const oddValue = (random: Random): Json => {
  switch (random() % 7) {
    case 0:
      return null
    case 1:
      return random() % 2 === 0
    case 2:
      return oneOf(random, NUMBERS)
    case 3:
      return oneOf(random, TEXTS)
    case 4:
      return Array.from({ length: random() % 40 }, () => oneOf(random, [1, "x", null, {}] as const))
    case 5:
      return { [oneOf(random, NAMES)]: oneOf(random, TEXTS) }
    default: {
      let deep: Json = oneOf(random, TEXTS)
      for (let left = random() % 80; left > 0; left--) deep = random() % 2 === 0 ? [deep] : { a: deep }
      return deep
    }
  }
}

const damageText = (random: Random, text: string): string =>
  Buffer.from(damageBytes(random, Buffer.from(text), 3)).toString(random() % 2 === 0 ? "utf8" : "latin1")

/** The value with something else at one place in it. */
export const damageJson = (random: Random, value: Json): Json => {
  const here = random() % 5 === 0
  if (here || value === null || typeof value !== "object") {
    if (typeof value === "string" && random() % 2 === 0) return damageText(random, value)
    if (typeof value === "number" && random() % 2 === 0) return value + oneOf(random, [1, -1, 0.5, 65_536, 2 ** 32])
    return oddValue(random)
  }
  if (Array.isArray(value)) {
    const list = value as ReadonlyArray<Json>
    const at = random() % (list.length + 1)
    const one = list[at]
    if (one === undefined) return [...list, oddValue(random)]
    if (random() % 8 === 0) return list.filter((_, i) => i !== at)
    if (random() % 8 === 0) return [...list, one]
    return list.map((each, i) => (i === at ? damageJson(random, each) : each))
  }
  const fields = Object.entries(value as { readonly [name: string]: Json })
  const [name, inner] = fields.length === 0 ? [oneOf(random, NAMES), null] : oneOf(random, fields)
  const rest = fields.filter(([other]) => other !== name)
  if (random() % 8 === 0) return Object.fromEntries(rest)
  if (random() % 8 === 0) return Object.fromEntries([...fields, [oneOf(random, NAMES), oddValue(random)]])
  return Object.fromEntries(fields.map(([other, each]) => [other, other === name ? damageJson(random, inner) : each]))
}

/** JSON of the value, damaged at up to four places of the value, and sometimes as a text, too. */
export const damagedJson = (random: Random, value: Json): Uint8Array => {
  let damaged = value
  for (let left = random() % 5; left > 0; left--) damaged = damageJson(random, damaged)
  const text = Buffer.from(JSON.stringify(damaged))
  return random() % 4 === 0 ? damageBytes(random, text, 4) : text
}
