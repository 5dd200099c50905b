// Measures our code: no file has over 300 lines, no function over 80, both counted with their blank lines and comments.
// What is handed to `describe`, `it`, `beforeAll` and their kind in a test is a list of cases or a story, and may be
// longer. So may what `long-on-purpose.mjs` lists; an entry there that is no longer needed fails, too.
// `code-size.mjs [DIRECTORY]` prints what is too long and exits with 1 when there is such.
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import ts from "typescript"
import { TABLES } from "./long-on-purpose.mjs"
import { filesUnder, root } from "./setup.mjs"

const FOLDERS = ["src", "views", "scripts", "load-tests", "grafana", "test"]
const FILE_LINES = 300
const FUNCTION_LINES = 80

const CODE = /\.[cm]?[jt]sx?$/
/** Declarations have no code, and what is installed or built is not ours. */
const NOT_OURS = /\.d\.[cm]?ts$|(?:^|\/)(?:node_modules|build|dist)\//
const TEST = /\.test\.tsx?$/
const TESTS_OWN = ["describe", "it", "test", "beforeAll", "beforeEach", "afterAll", "afterEach"]

/** The name that a call begins with: `describe` for `describe.skipIf(x).each(cases)("...", body)`. */
const rootOf = (node) => {
  if (ts.isIdentifier(node)) return node.text
  const begin = node.expression ?? node.tag
  return begin === undefined ? undefined : rootOf(begin)
}

/** How a node is spoken of: its own name, or the beginning of the call that it is handed to. */
const nameOf = (node, file) => {
  if (node.name !== undefined) return node.name.getText(file)
  const parent = node.parent
  if (ts.isCallExpression(parent)) return parent.expression.getText(file).split(/[\s(]/, 1)[0]
  return parent.name?.getText(file) ?? "unnamed"
}

/** Functions of `file` that are too long, outer ones first, each named with those around it: `make > Effect.gen`. */
const longFunctions = (file, isTest) => {
  const found = []
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line
  const visit = (node, around) => {
    let inside = around
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const lines = lineOf(node.end) - lineOf(node.getStart(file)) + 1
      const body = isTest && ts.isCallExpression(node.parent) && TESTS_OWN.includes(rootOf(node.parent))
      if (!body) inside = [...around, nameOf(node, file)]
      if (!body && lines > FUNCTION_LINES)
        found.push({ what: inside.join(" > "), line: lineOf(node.getStart(file)) + 1, lines })
    }
    ts.forEachChild(node, (child) => visit(child, inside))
  }
  visit(file, [])
  return found
}

/**
 * Returns the long files and functions below `directory`. `where` is how a person finds one; `key` names a file as
 * `long-on-purpose.mjs` does, by its path, and a function by the path, a space and its name.
 */
const longCode = (directory) =>
  FOLDERS.flatMap((folder) => filesUnder(join(directory, folder), "").map((path) => `${folder}/${path}`))
    .filter((path) => CODE.test(path) && !NOT_OURS.test(path))
    .sort()
    .flatMap((path) => {
      const text = readFileSync(join(directory, path), "utf8")
      const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
      if (lines <= FUNCTION_LINES) return []
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
      const functions = longFunctions(file, TEST.test(path)).map(({ line, lines, what }) => {
        return { key: `${path} ${what}`, where: `${path}:${line} ${what}`, lines, most: FUNCTION_LINES }
      })
      return lines > FILE_LINES ? [{ key: path, where: path, lines, most: FILE_LINES }, ...functions] : functions
    })

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const long = longCode(resolve(process.argv[2] ?? root))
  const complaints = long
    .filter(({ key }) => !Object.hasOwn(TABLES, key))
    .map(({ lines, most, where }) => `${where}: ${lines} lines, ${most} at most: take it apart`)
  const keys = new Set(long.map(({ key }) => key))
  const stale = Object.keys(TABLES)
    .filter((key) => !keys.has(key))
    .map((key) => `scripts/long-on-purpose.mjs: "${key}" is not too long or is no more: remove the entry`)
  for (const line of [...complaints, ...stale]) process.stdout.write(`${line}\n`)
  process.exitCode = complaints.length + stale.length === 0 ? 0 : 1
}
