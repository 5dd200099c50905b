/**
 * Servers repeat what they were told: `stream live/KEY is already published`. No sentence about an output may show
 * its secrets.
 */
import { parseInputUrl } from "../../core/input/input-url.ts"
import { URL_SETTINGS } from "../../core/output/output-settings.ts"
import { secretsInUrl } from "../../core/output/output-url.ts"
import type { OutputConfig } from "../model/channel.ts"
import { maskText } from "./Logging.ts"
import { MASK } from "./output-input.ts"
import { readOutput } from "./output-place.ts"

/** Shorter ones would mask half the sentence, and are no secrets. */
const SECRET_MIN = 4

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The login of a URL as the Basic scheme writes it (RFC 7617 2). */
const basicLogin = (url: string): string | null => {
  if (!URL.canParse(url)) return null
  const { password, username } = new URL(url)
  return password === "" ? null : Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")
}

/** So that none is left of one that holds another. */
const longestFirst = (secrets: ReadonlyArray<string | null | undefined>): ReadonlyArray<string> =>
  [...new Set(secrets.filter((s) => s != null && s.length >= SECRET_MIN))]
    .map(String)
    .sort((a, b) => b.length - a.length)

/** A secret of a URL in the ways in which it is written. */
const writings = (url: string): ReadonlyArray<string> =>
  secretsInUrl(url).flatMap((secret) => [secret, decoded(secret)])

const secretsOf = (output: OutputConfig): ReadonlyArray<string> => {
  const parsed = readOutput(output)
  const rtmp = parsed.ok && parsed.target.protocol === "rtmp" ? parsed.target.url : null
  const srt = parsed.ok && parsed.target.protocol === "srt" ? parsed.target : null
  const key = rtmp?.streamKey ?? output.stream_key
  const found = [
    key,
    key?.split("?")[0],
    rtmp?.password,
    srt?.passphrase,
    output.settings.s3_secret_access_key,
    key == null ? null : encodeURIComponent(key),
    ...writings(output.url),
    ...URL_SETTINGS.flatMap((name) => writings(String(output.settings[name] ?? ""))),
    basicLogin(output.url),
  ]
  return longestFirst(found)
}

/** Masks the secrets of an output, and those of every URL, in a sentence about it. */
export const hideSecrets = (output: OutputConfig): ((text: string) => string) => {
  const secrets = secretsOf(output)
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, MASK), maskText(text))
}

/** Masks the secrets of an SRT input's URL, and those of every URL, in a sentence about it. */
export const hideInputSecrets = (url: string): ((text: string) => string) => {
  const parsed = parseInputUrl(url)
  const secrets = longestFirst([...writings(url), parsed.ok ? parsed.target.passphrase : null])
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, MASK), maskText(text))
}
