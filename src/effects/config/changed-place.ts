/**
 * URL and stream key of an output that is changed. A stored key is one field, whether it stands in the URL or apart: a
 * new one replaces it, and none ever stands behind another.
 */
import { keyInUrl, showsKeyMask, withoutKeyMask } from "../../core/output/key-in-url.ts"
import { maskSecrets, placeOf, protocolOfUrl, unmaskSecrets } from "../../core/output/output-url.ts"
import type { OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"

const MASK = "***"

/** Where an output goes. */
export type Place = Pick<OutputConfig, "url" | "stream_key">

/** What a change asks for; what is undefined or masked stays. */
export interface AskedPlace {
  readonly url?: string | undefined
  readonly stream_key?: string | null | undefined
}

/** Parts of the path before a query: the application and its instance, or those and a key. */
const parts = (url: string): number =>
  (url.replace(/^[^:]*:\/\/[^/?]*/, "").split("?")[0] ?? "").split("/").filter((part) => part !== "").length

/**
 * True when `url`, which takes the place of `before`, has a key of its own: an upload key, or one more part of its path
 * than an application had; and of another host any key.
 */
const bringsKey = (url: string, before: string): boolean =>
  keyInUrl(url) !== null &&
  (protocolOfUrl(url) !== "rtmp" || placeOf(url) !== placeOf(before) || parts(url) > parts(before))

/** The key that stays when a change gives a URL and no key: none where the new URL has one of its own. */
export const keptKey = (old: Place, url: string): string | null =>
  url !== old.url && bringsKey(url, old.url) ? null : old.stream_key

const withNewKey = (old: Place, url: string, stream_key: string): Place => {
  const stored = old.stream_key === null ? keyInUrl(old.url) : null
  const now = keyInUrl(url)
  return stored !== null && now?.key === stored.key
    ? { url: now.url, stream_key }
    : { url: withoutKeyMask(url), stream_key }
}

const withStoredKey = (old: Place, url: string, asked: typeof MASK | undefined): Place => {
  if (old.stream_key !== null) {
    const stream_key = asked === MASK ? old.stream_key : keptKey(old, url)
    return { url: withoutKeyMask(url), stream_key }
  }
  const stored = keyInUrl(old.url)
  if (stored === null) return { url, stream_key: asked ?? null }
  const isBare = keyInUrl(url) === null && protocolOfUrl(url) === "rtmp"
  return { url, stream_key: isBare && placeOf(url) === placeOf(old.url) ? stored.key : null }
}

/**
 * What is wrong with a change that gives a new key beside a URL that has the stored one in clear: only whoever wrote it
 * knows which of them is meant. Repeats no key.
 */
export const twoKeys = (old: Place, { stream_key: key, url }: AskedPlace): ReadonlyArray<FieldError> => {
  if (key == null || key === MASK || url === undefined || old.stream_key !== null) return []
  const [stored, given] = [keyInUrl(old.url)?.key, keyInUrl(url)?.key]
  if (stored === undefined || given !== stored || key === stored) return []
  const message = "is a new key, but the URL still has the stored one in it: leave that out, or write *** for it"
  return [{ path: "stream_key", message }]
}

/**
 * URL and key as they are to be. Secrets that come back masked are put back where they go to the same host; a mask that
 * stands for nothing stays and is refused later on.
 */
export const changedPlace = (old: Place, { stream_key: key, url: typed = old.url }: AskedPlace): Place => {
  const masked = maskSecrets(old.url)
  // A URL from before its key was given apart: that mask stands for no part of the URL any more.
  const wanted = showsKeyMask(typed) && !showsKeyMask(masked) ? withoutKeyMask(typed) : typed
  const url = wanted === old.url || wanted === masked ? old.url : unmaskSecrets(wanted, old.url)
  const protocol = protocolOfUrl(url)
  if (protocol !== null && protocol !== protocolOfUrl(old.url)) return { url, stream_key: key ?? null }
  if (key === null) return { url, stream_key: null }
  return key === undefined || key === MASK ? withStoredKey(old, url, key) : withNewKey(old, url, key)
}
