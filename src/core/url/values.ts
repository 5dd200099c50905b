/**
 * Values of URL keys: whole numbers, switches, texts. Messages name the key and what it takes; secrets are never
 * repeated.
 */
import { bad, good, type Read } from "./endpoint.ts"

/** A value shown in a message: short, quoted. */
export const shown = (value: string): string => JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)

const CONTROL = /[\u0000-\u001f\u007f]/
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Whether a decoded value can be handed to a library that takes C strings or UTF-8. */
export const textProblem = (value: string): string | null => {
  if (CONTROL.test(value)) return "must not hold control characters"
  if (LONE_SURROGATE.test(value)) return "is not valid Unicode"
  return null
}

/** A decimal (or 0x) whole number within bounds. */
export const readInteger = (key: string, value: string, min: number, max: number, unit = ""): Read<number> => {
  const range = `${key} must be a whole number from ${min} to ${max}${unit === "" ? "" : ` ${unit}`}`
  if (!/^[+-]?\d{1,15}$/.test(value) && !/^0x[0-9a-f]{1,8}$/i.test(value)) return bad(`${range}, not ${shown(value)}`)
  const number = Number(value)
  return number < min || number > max ? bad(`${range}, not ${shown(value)}`) : good(number)
}

/** yes/no, on/off, true/false, 1/0, in any case. */
export const readSwitch = (key: string, value: string): Read<boolean> => {
  if (/^(?:1|yes|on|true)$/i.test(value)) return good(true)
  if (/^(?:0|no|off|false)$/i.test(value)) return good(false)
  return bad(`${key} must be yes or no (on/off, true/false, 1/0), not ${shown(value)}`)
}

/** One of some words, in any case. */
export const readWord = <A>(key: string, value: string, words: Readonly<Record<string, A>>, say: string): Read<A> => {
  const word = value.toLowerCase()
  const found = Object.hasOwn(words, word) ? words[word] : undefined
  return found === undefined ? bad(`${key} must be ${say}, not ${shown(value)}`) : good(found)
}
