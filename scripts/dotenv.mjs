/**
 * Reads the settings files of the working directory (`.env` and its variants) for programs that run on Node, the way
 * Bun reads them for the service. The environment overrides the files, and a more specific file overrides a general
 * one.
 */
import { readFileSync } from "node:fs"

/** `NAME=value` with an optional `export`; a value in quotes may have several lines, one without ends at a comment. */
const ENTRY =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|`([^`]*)`|([^\r\n]*))/gm
const ESCAPES = { n: "\n", r: "\r", t: "\t" }

/** Replaces `$NAME`, `${NAME}` and `${NAME:-default}` by the values known so far; `\$` is a dollar sign. */
const expand = (text, lookUp) =>
  text.replace(/\\\$|\$\{(\w+)(?::-([^}]*))?\}|\$([A-Za-z_]\w*)/g, (all, name, fallback = "", plain) =>
    all === "\\$" ? "$" : lookUp(name ?? plain) || fallback,
  )

/**
 * Parses the text of a settings file.
 * @param {string} text
 * @param {Record<string, string | undefined>} environment overrides the text, and may be named in its values
 * @returns {Record<string, string>}
 */
export const parseEnv = (text, environment = {}) => {
  const found = {}
  for (const [, name, double, single, back, bare] of text.matchAll(ENTRY)) {
    const quoted = double?.replace(/\\([nrt])/g, (_, letter) => ESCAPES[letter]) ?? single ?? back
    // Bun takes a `#` behind a value for a comment even without a space in front of it.
    const value = quoted ?? bare.replace(/#.*$/, "").trim()
    found[name] = expand(value, (other) => environment[other] ?? found[other])
  }
  return found
}

/** Names of the files that Bun reads, in falling order of precedence. */
const filesFor = (mode) => [`.env.${mode}.local`, ...(mode === "test" ? [] : [".env.local"]), `.env.${mode}`, ".env"]

/**
 * Adds the files' settings that `environment` lacks. A missing file is skipped.
 * @throws with the file's name when one cannot be read
 */
export const loadEnvFiles = (environment = process.env) => {
  const mode = ["production", "test"].find((name) => name === environment.NODE_ENV) ?? "development"
  for (const file of filesFor(mode)) {
    let text
    try {
      text = readFileSync(file, "utf8")
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR" && error.code !== "EISDIR")
        throw new Error(`${file} cannot be read: ${error.code}`)
      continue
    }
    for (const [name, value] of Object.entries(parseEnv(text, environment))) environment[name] ??= value
  }
}
