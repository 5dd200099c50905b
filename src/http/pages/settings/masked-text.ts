/** Removes the secrets from a configuration that was typed, so that the page may show it again. */
import { SECRET_SETTINGS } from "../../../core/output/output-settings.ts"
import { maskSecrets } from "../../../core/output/output-url.ts"
import { MASK } from "../../../effects/config/output-input.ts"

const NAMES = ["stream_key", ...SECRET_SETTINGS].join("|")
/** A secret's name and value: a text in quotes, or everything up to the end of the line. */
const SECRET = new RegExp(
  `((?:${NAMES})["']?[ \\t]*:[ \\t]*)("(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*'|null\\b|[^\\n]+)`,
  "g",
)
/** Secrets on another line than their name, and names not written out, which only a real parser would find. */
const ELSEWHERE = new RegExp(
  [
    `(?:${NAMES})["']?[ \\t]*:[ \\t]*(?:[|>&*!#\\r\\n]|$|"(?:[^"\\\\\\n]|\\\\.)*$|'[^'\\n]*$|'[^'\\n]*'')`,
    // A value without quotes inside braces: the braces around it show where it ends.
    `(?:${NAMES})["']?[ \\t]*:[ \\t]*(?!null\\b)[^"'\\s][^\\n]*[,}\\]]`,
    `(?:${NAMES})["']?\\s*\\n|\\?[ \\t]+["']?(?:${NAMES})|<<[ \\t]*:|\\\\[ux]`,
  ].join("|"),
  "m",
)
/**
 * A URL in quotes, or one with the rest of its line, since a secret with blanks in it would hide where the URL ends.
 */
const URL_TEXT = /(["'])([a-z][a-z0-9+.-]*:\/\/(?:\\.|(?!\1)[^\\\n])*)|[a-z][a-z0-9+.-]*:\/\/[^\n]*/gi
/** A URL whose port is not a number: a user and a password whose host has not been typed yet. */
const UNFINISHED = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@[]*:(?!\d*(?:[/?#\s,}\]]|$))[^@]*$/i
const maskedUrl = (url: string): string => {
  const [, scheme] = UNFINISHED.exec(url) ?? []
  return scheme === undefined ? maskSecrets(url) : `${scheme}${MASK}`
}

/** The text with `***` in place of its secrets; null where they cannot be told apart, so that it must not be shown. */
export const maskedText = (text: string): string | null => {
  if (ELSEWHERE.test(text)) return null
  return text
    .replace(SECRET, (all: string, name: string, value: string) => (value === "null" ? all : `${name}"${MASK}"`))
    .replace(URL_TEXT, (all: string, quote?: string, url?: string) =>
      url === undefined ? maskedUrl(all) : `${quote}${maskedUrl(url)}`,
    )
}
