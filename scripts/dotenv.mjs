/**
 * Files of settings in the working directory, as Bun reads them for the service (`.env` and its variants), for what runs on Node.
 * What the environment has counts; of the files the more particular one.
 */
import { readFileSync } from "node:fs"

/** `NAME=value` with an optional `export`; a value in quotes may have several lines, one without ends at a comment. */
const ENTRY = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|`([^`]*)`|([^\r\n]*))/gm
const ESCAPES = { n: "\n", r: "\r", t: "\t" }

/** `$NAME`, `${NAME}` and `${NAME:-default}` stand for what is known by then; `\$` is a dollar sign. */
const expand = (text, lookUp) =>
  text.replace(/\\\$|\$\{(\w+)(?::-([^}]*))?\}|\$([A-Za-z_]\w*)/g, (all, name, fallback = "", plain) =>
    all === "\\$" ? "$" : lookUp(name ?? plain) || fallback,
  )

/**
 * The settings of a text.
 * @param {string} text
 * @param {Record<string, string | undefined>} environment what counts more, and what values may name
 * @returns {Record<string, string>}
 */
export const parseEnv = (text, environment = {}) => {
  const found = {}
  for (const [, name, double, single, back, bare] of text.matchAll(ENTRY)) {
    const quoted = double?.replace(/\\([nrt])/g, (_, letter) => ESCAPES[letter]) ?? single ?? back
    // A comment behind a value needs no space in front of it, as Bun takes it.
    const value = quoted ?? bare.replace(/#.*$/, "").trim()
    found[name] = expand(value, (other) => environment[other] ?? found[other])
  }
  return found
}

/** Names of the files that Bun reads, the one that counts most first. */
const filesFor = (mode) => [`.env.${mode}.local`, ...(mode === "test" ? [] : [".env.local"]), `.env.${mode}`, ".env"]

/** Sets what the files have and `environment` has not. A file that is not there has nothing; one that cannot be read is named. */
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
