/**
 * Directories of this machine as outputs name them: plain names divided by `/`, below a directory that the service
 * chose.
 */
import { bad, good, type Read } from "../../url/endpoint.ts"
import { percentDecode } from "../../url/url-text.ts"
import { shown } from "../../url/values.ts"

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
const NAME_MAX = 64
const NAMES_MAX = 8

/**
 * The names between `scheme://` and `?` or `#`, joined by `/`. Percent escapes are undone before the check, so that
 * none hides anything. Refused: `..`, hidden names, empty names, an absolute path, anything but letters, digits, `_`,
 * `.` and `-`.
 */
export const readPlainNames = (text: string, scheme: string): Read<string> => {
  const form = `write ${scheme}://NAME or ${scheme}://NAME/NAME`
  const decoded = percentDecode(text)
  if (decoded === null) return bad("the path is not valid UTF-8")
  if (decoded === "") return bad(`the name is missing: ${form}`)
  if (decoded.startsWith("/") || /^[a-z]:[\\/]/i.test(decoded))
    return bad(
      `an absolute path is not possible: ${form}, a directory below the one that the service keeps for ${scheme} outputs`,
    )
  const names = decoded.replace(/\/$/, "").split("/")
  if (names.length > NAMES_MAX) return bad(`the path has ${names.length} names, the most is ${NAMES_MAX}`)
  for (const name of names) {
    if (name === "") return bad(`the path holds an empty name: ${form}`)
    if (name === "." || name === "..") return bad(`the path must not hold ${name}`)
    if (name.startsWith(".")) return bad(`${shown(name)} is a hidden name: it must not begin with a dot`)
    if (name.length > NAME_MAX)
      return bad(`a name of the path is ${name.length} characters long, the most is ${NAME_MAX}`)
    if (!NAME.test(name))
      return bad(`${shown(name)} must consist of letters, digits, _ . and -, and not begin with . or -`)
  }
  return good(names.join("/"))
}

/** What stands between `scheme://` and the first `?` or `#`, as written. */
export const placeOf = (url: string): string => /^[a-z][a-z0-9+.-]*:\/\/([^?#]*)/i.exec(url)?.[1] ?? ""
