/** Takes the secrets out of a configuration that was typed, so that the page may show it again. */
import { SECRET_SETTINGS } from "../../../core/output/output-settings.ts"
import { maskSecrets } from "../../../core/output/output-url.ts"
import { MASK } from "../../../effects/config/output-input.ts"

const NAMES = ["stream_key", ...SECRET_SETTINGS].join("|")
/** A secret's name with what stands behind it: a text in quotes, or all up to the end of the line. */
const SECRET = new RegExp(`((?:${NAMES})["']?[ \\t]*:[ \\t]*)("(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*'|null\\b|[^\\n]+)`, "g")
/** Secrets that are not on the line of their name, and names that are not written out: nothing less than reading it all would find them. */
const ELSEWHERE = new RegExp(
  [
    `(?:${NAMES})["']?[ \\t]*:[ \\t]*(?:[|>&*!#\\r\\n]|$|"(?:[^"\\\\\\n]|\\\\.)*$|'[^'\\n]*$|'[^'\\n]*'')`,
    // A value without quotes in braces: where it ends, braces around it tell.
    `(?:${NAMES})["']?[ \\t]*:[ \\t]*(?!null\\b)[^"'\\s][^\\n]*[,}\\]]`,
    `(?:${NAMES})["']?\\s*\\n|\\?[ \\t]+["']?(?:${NAMES})|<<[ \\t]*:|\\\\[ux]`,
  ].join("|"),
  "m",
)
/** A URL in quotes, else one with all that follows on its line: where it ends, a secret with blanks in it would hide. */
const URL_TEXT = /(["'])([a-z][a-z0-9+.-]*:\/\/(?:\\.|(?!\1)[^\\\n])*)|[a-z][a-z0-9+.-]*:\/\/[^\n]*/gi
/** A port that is no number: a user and a password whose host is not typed yet. */
const UNFINISHED = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@[]*:(?!\d*(?:[/?#\s,}\]]|$))[^@]*$/i
const maskedUrl = (url: string): string => {
  const [, scheme] = UNFINISHED.exec(url) ?? []
  return scheme === undefined ? maskSecrets(url) : `${scheme}${MASK}`
}

/** The text with `***` for what is secret in it; null where that cannot be told, and it must not be shown. */
export const maskedText = (text: string): string | null => {
  if (ELSEWHERE.test(text)) return null
  return text
    .replace(SECRET, (all: string, name: string, value: string) => (value === "null" ? all : `${name}"${MASK}"`))
    .replace(URL_TEXT, (all: string, quote?: string, url?: string) => (url === undefined ? maskedUrl(all) : `${quote}${maskedUrl(url)}`))
}
