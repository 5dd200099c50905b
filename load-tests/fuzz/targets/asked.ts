/** Requests as the bytes of a case: `METHOD path`, the content type, an empty line, the body. */
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"

export interface Asked {
  readonly method: string
  /** With parameters in braces. */
  readonly path: string
  readonly type: string
  readonly body: Uint8Array
  /** Whether the request is only read, which `read:` before its method says, and nothing is done with it. */
  readonly onlyRead: boolean
}

/** One request in so many goes to a whole control plane, which takes many times as long as reading it. */
const WHOLE = Number(process.env["FUZZ_WHOLE_EVERY"] ?? 250)
if (!Number.isInteger(WHOLE) || WHOLE < 1)
  throw new Error(`FUZZ_WHOLE_EVERY is a whole number of 1 or more, not ${process.env["FUZZ_WHOLE_EVERY"]}`)

export const onlyRead = (random: Random): boolean => random() % WHOLE !== 0

const READ = "read:"

export const encodeRequest = ({ body, method, onlyRead: read, path, type }: Asked): Uint8Array =>
  Buffer.concat([Buffer.from(`${read ? READ : ""}${method} ${path}\n${type}\n\n`), body])

export const decodeRequest = (bytes: Uint8Array): Asked => {
  const all = Buffer.from(bytes)
  const end = all.indexOf("\n\n")
  const [first = "", type = ""] = all.subarray(0, end).toString().split("\n")
  const [asked = "", path = ""] = first.split(" ")
  const read = asked.startsWith(READ)
  return { method: read ? asked.slice(READ.length) : asked, path, type, body: all.subarray(end + 2), onlyRead: read }
}
