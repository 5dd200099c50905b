/**
 * The build context: what `.dockerignore` lets through. Patterns are those of Docker; the last one that matches counts.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

interface Rule {
  readonly matches: RegExp
  readonly included: boolean
}

/** `*` within a name, `**` over folders; a pattern that matches a folder covers what is in it. */
const toRegExp = (pattern: string): RegExp => {
  const source = pattern
    .replace(/^\/|\/$/g, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("**/", "\0")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]")
    .replaceAll("\0", "(?:.*/)?")
  return new RegExp(`^${source}(?:/.*)?$`)
}

const readRules = (text: string): ReadonlyArray<Rule> =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ matches: toRegExp(line.replace(/^!/, "")), included: line.startsWith("!") }))

/** Says of a path relative to the context whether it is in it. */
export const contextFilter = (dockerignore: string): ((path: string) => boolean) => {
  const rules = readRules(dockerignore)
  return (path) => rules.findLast((rule) => rule.matches.test(path))?.included ?? true
}

/** Never read, whatever the file says: they are large, and a pattern could only let them in by mistake. */
const SKIPPED = new Set(["node_modules", ".git"])

/** Every file of the context below `root`, as paths relative to it. */
export const contextFiles = (root: string): ReadonlyArray<string> => {
  const included = contextFilter(readFileSync(join(root, ".dockerignore"), "utf8"))
  const walk = (folder: string): ReadonlyArray<string> =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(path)
      return entry.isFile() && included(path) ? [path] : []
    })
  return walk("")
}

/** Copies the context to where COPY takes it from. */
export const copyContext = (root: string, target: string): void => {
  for (const path of contextFiles(root)) {
    mkdirSync(dirname(join(target, path)), { recursive: true })
    copyFileSync(join(root, path), join(target, path))
  }
}
