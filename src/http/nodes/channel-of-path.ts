/** Which channel a request is about, where only the node that runs it can answer. */

/** Paths whose first parameter is a channel, and what of them any node answers from the database. */
const PATTERNS: ReadonlyArray<readonly [pattern: RegExp, local: RegExp]> = [
  [/^\/api\/channels\/([^/]+)(\/.*)?$/, /^\/(?:placement|move|clone)\/?$/],
  [/^\/api\/inputs\/([^/]+)(\/.*)?$/, /^$/],
  // What is removed on a page can be brought back there for a while, by what this node remembers.
  [/^\/channels\/([^/]+)(\/.*)?$/, /^\/(?:placement|move|clone|remove|outputs\/[^/]+\/remove)\/?$/],
  [/^\/live\/channels\/([^/]+)(\/?)$/, /^$/],
  [/^\/fragments\/channels\/([^/]+)(\/.*)?$/, /^$/],
  [/^\/hls\/([^/]+)(\/.+)$/, /^$/],
  [/^\/preview\/([^/]+)()$/, /^$/],
]

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** UUID, slug or number of the channel as the path names it; null for what any node answers. */
export const channelOfPath = (path: string): string | null => {
  for (const [pattern, local] of PATTERNS) {
    const [, ref, rest = ""] = pattern.exec(path) ?? []
    if (ref === undefined) continue
    // `bulk` stands where a channel would, and names channels in its body.
    return ref === "bulk" || (rest !== "" && local.test(rest)) ? null : decoded(ref)
  }
  return null
}
