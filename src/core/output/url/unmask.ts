/**
 * The way back from a URL as it was shown: an operator changes a latency and must not have to type the passphrase
 * again.
 */
import { maskSecrets } from "./mask.ts"

const MASK = "***"

/** What stands in front of a mask, as far back as it names it: `passphrase=`, `user:`, or nothing behind a slash. */
const nameOf = (before: string): string => /[^?&/,]*$/.exec(before)?.[0] ?? ""

/** Scheme and host of a URL in lower case: a secret goes where it went before, and nowhere else. */
export const placeOf = (masked: string): string => {
  const [, scheme = "", authority = ""] = /^([^:]*:\/\/)([^/?#]*)/.exec(masked) ?? []
  return `${scheme}${authority.slice(authority.lastIndexOf("@") + 1)}`.toLowerCase()
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/**
 * The secrets of `url` in the order of their masks, with their names; none where the masked URL does not tell where
 * they stand.
 */
const secretsOf = (url: string, masked: string): Array<{ readonly name: string; readonly secret: string }> => {
  const parts = masked.split(MASK)
  const found = new RegExp(`^${parts.map(escaped).join("([\\s\\S]+?)")}$`).exec(url)
  return found === null ? [] : found.slice(1).map((secret, i) => ({ name: nameOf(parts[i] ?? ""), secret }))
}

/** A mask in a URL as it is shown. */
export interface Mask {
  /** What names the secret, with the sign behind it: `passphrase=`, `user:`; "" where nothing does. */
  readonly name: string
  /** The URL up to the mask. */
  readonly before: string
}

/** The masks of a URL as it is shown, in their order. */
export const masksIn = (masked: string): ReadonlyArray<Mask> => {
  const parts = masked.split(MASK)
  return parts.slice(0, -1).map((part, i) => ({ name: nameOf(part), before: parts.slice(0, i + 1).join(MASK) }))
}

/** `typed` with `secret`, percent-encoded, in the place of the one mask of that name; null unless there is just one. */
export const fillMask = (typed: string, name: string, secret: string): string | null => {
  const [mask, second] = masksIn(typed).filter((one) => one.name === name)
  if (mask === undefined || second !== undefined) return null
  return `${mask.before}${encodeURIComponent(secret)}${typed.slice(mask.before.length + MASK.length)}`
}

/** What `maskSecrets` hides of a URL, as it stands there; none where that cannot be told. */
export const secretsInUrl = (url: string): ReadonlyArray<string> =>
  secretsOf(url, maskSecrets(url)).map(({ secret }) => secret)

/**
 * `typed` with the secrets of `url` in the places where it holds `***` as `maskSecrets(url)` does. Unchanged, and so
 * refused later on, when it is for another host, has a mask that `url` has no secret for, or one where no secret is.
 */
export const unmaskSecrets = (typed: string, url: string): string => {
  const parts = typed.split(MASK)
  const masked = maskSecrets(url)
  if (parts.length === 1 || placeOf(typed) !== placeOf(masked)) return typed
  const secrets = secretsOf(url, masked)
  const used: string[] = []
  let result = parts[0] ?? ""
  for (let i = 1; i < parts.length; i++) {
    const at = secrets.findIndex(({ name }) => name === nameOf(parts[i - 1] ?? ""))
    const [found] = at < 0 ? [] : secrets.splice(at, 1)
    if (found === undefined) return typed
    used.push(found.secret)
    result += found.secret + (parts[i] ?? "")
  }
  // A secret that would be read as something else where it stands now, and shown.
  const [before, after] = [maskSecrets(typed), maskSecrets(result)]
  return used.some((secret) => after.includes(secret) && !before.includes(secret)) ? typed : result
}
