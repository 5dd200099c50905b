/** Reads URLs in tests, and fails the test when a URL is not what the test takes it for. */
import { assert, expect } from "vitest"
import { type DatagramTarget, parseOutputUrl, type SrtTarget } from "../../output-url.ts"

export const understood = (url: string) => {
  const parsed = parseOutputUrl(url)
  assert(parsed.ok, `${url}: ${parsed.ok ? "" : parsed.errors.map((e) => e.message).join("; ")}`)
  return parsed
}

export const srt = (url: string): SrtTarget => {
  const { target } = understood(url)
  assert(target.protocol === "srt")
  return target
}

export const datagram = (url: string): DatagramTarget => {
  const { target } = understood(url)
  assert(target.protocol === "udp" || target.protocol === "rtp")
  return target
}

/** Returns the options to set, by libsrt's names. */
export const settings = (url: string) =>
  Object.fromEntries(srt(url).options.map(({ option, value }) => [option.name, value]))

/** Returns the sentences with which a URL is refused. */
export const messages = (url: string): string => {
  const parsed = parseOutputUrl(url)
  assert(!parsed.ok, `${url} was taken`)
  for (const error of parsed.errors) expect(error.path).toBe("url")
  return parsed.errors.map((error) => error.message).join("; ")
}
