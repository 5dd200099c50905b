/** Stream keys that stand in the URL of an output, as platforms print them to be pasted. */
import { type KeyedUrl, splitStreamKey } from "../rtmp/rtmp-url.ts"
import { protocolOfUrl } from "./output-url.ts"
import { STREAM_KEY_PLACE } from "./presets.ts"

/** Key of a YouTube upload: `?cid=KEY&copy=0&file=`. */
const UPLOAD_KEY = /^([^?]*\?(?:[\s\S]*&)?cid=)([^&]+)([\s\S]*)$/i

/**
 * Takes the stream key out of the URL of an output: an RTMP URL ends before it, an upload URL has its place. Null for
 * a URL that holds no key.
 */
export const keyInUrl = (url: string): KeyedUrl | null => {
  if (url.includes(STREAM_KEY_PLACE)) return null
  const protocol = protocolOfUrl(url)
  if (protocol === "rtmp") return splitStreamKey(url)
  const [, before, key = "", after = ""] = (protocol === "hls" ? UPLOAD_KEY.exec(url) : null) ?? []
  return before === undefined ? null : { url: `${before}${STREAM_KEY_PLACE}${after}`, key }
}

/** True when `url`, as it is shown, has its stream key behind a mask and `stream_key` is not where it is kept. */
export const showsKeyMask = (url: string): boolean => {
  const protocol = protocolOfUrl(url)
  return protocol === "rtmp" ? /[/?]\*\*\*$/.test(url) : protocol === "hls" && keyInUrl(url)?.key === "***"
}

/** `url` without the mask of its stream key, for a key that is given apart. */
export const withoutKeyMask = (url: string): string => {
  if (protocolOfUrl(url) === "rtmp") return url.replace(/\/+\*\*\*$/, "")
  const keyed = keyInUrl(url)
  return keyed?.key === "***" ? keyed.url : url
}
