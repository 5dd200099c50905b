/** `file://` URLs: recordings of the TS in a directory of this machine. */

import { splitUrl } from "../../url/url-text.ts"
import { placeOf, readPlainNames } from "./plain-names.ts"
import { type ParsedOutput, refuse } from "./target.ts"

/** What a URL without query keys says of those it has. */
export const unusedParts = (url: string): { readonly ignored: string[]; readonly warnings: string[] } => {
  const parts = splitUrl(url)
  const ignored = [...new Set((parts?.query ?? []).map(({ key }) => (key.length > 64 ? `${key.slice(0, 64)}…` : key)))]
  return { ignored, warnings: parts?.fragment == null ? [] : ["what stands after # is not used"] }
}

/** Reads a `file://` URL whose scheme is known already. */
export const parseFileUrl = (url: string): ParsedOutput => {
  const path = readPlainNames(placeOf(url), "file")
  if (!path.ok) return refuse(path.message)
  if (/\.(?:ts|m2ts|mp4|mkv|mpg|mpeg)$/i.test(path.value))
    return refuse("file:// names a directory, in which files named by their time are written: leave the file name out")
  return {
    ok: true,
    target: { protocol: "file", path: path.value },
    options: { path: path.value },
    ...unusedParts(url),
  }
}
