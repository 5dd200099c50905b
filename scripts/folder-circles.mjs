// Counts the circles of folders in src: groups of folders that import one another, directly or through others. Every
// folder is a node, nested ones included, and type-only imports count. Tests, testing/ folders and declarations are
// left out. `folder-circles.mjs [DIRECTORY]` (default src) prints each circle with the imports that close it. Exits 1
// when there is one.
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import ts from "typescript"
import { filesUnder, root } from "./setup.mjs"

const TESTS = /\.(?:test|bench)\.tsx?$|(?:^|\/)testing\/|\.d\.ts$/
/** Number of imports that are named for each arrow of a circle. */
const SHOWN = 3

const specifierOf = (node) => {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  return undefined
}

/** All relative imports of a file: static, type-only, dynamic, re-exports, `import("…")` in a type. */
const relativeImports = (file) => {
  const found = []
  const visit = (node) => {
    const specifier = specifierOf(node)
    if (specifier !== undefined && ts.isStringLiteralLike(specifier) && specifier.text.startsWith("."))
      found.push(specifier.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest))
  return found
}

/** Path of the imported file. Imports in AssemblyScript carry no extension. */
const resolved = (file, specifier) =>
  [specifier, `${specifier}.ts`, `${specifier}/index.ts`]
    .map((path) => resolve(dirname(file), path))
    .find((path) => /\.[cm]?tsx?$/.test(path) && existsSync(path))

/**
 * Maps each folder below `directory` to the folders it imports, and those to the imports: `src/a/b.ts -> src/c/d.ts`.
 */
export const folderImports = (directory) => {
  const imports = new Map()
  const name = (path) => relative(dirname(directory), path)
  for (const path of filesUnder(directory, "").filter((path) => /\.tsx?$/.test(path) && !TESTS.test(path))) {
    const file = join(directory, path)
    const folder = name(dirname(file))
    const targets = imports.get(folder) ?? new Map()
    imports.set(folder, targets)
    for (const specifier of relativeImports(file)) {
      const target = resolved(file, specifier)
      if (target === undefined || relative(directory, target).startsWith("..")) continue
      const to = name(dirname(target))
      if (to !== folder) targets.set(to, [...(targets.get(to) ?? []), `${name(file)} -> ${name(target)}`])
    }
  }
  return imports
}

/** Folders that `from` reaches, however far, each mapped to the folder before it on a shortest way. */
const reached = (imports, from) => {
  const before = new Map()
  const queue = [from]
  for (const folder of queue) {
    for (const next of imports.get(folder)?.keys() ?? []) {
      if (before.has(next)) continue
      before.set(next, folder)
      queue.push(next)
    }
  }
  return before
}

/** The shortest way from a folder back to itself. */
const shortestCircle = (before, folder) => {
  const circle = [folder]
  for (let at = before.get(folder); at !== folder; at = before.get(at)) circle.unshift(at)
  return [folder, ...circle]
}

/**
 * Finds the groups of folders that reach one another. Each comes with the shortest circle in it, which begins and ends
 * with the same folder.
 */
export const folderCircles = (imports) => {
  const ways = new Map([...imports.keys()].sort().map((folder) => [folder, reached(imports, folder)]))
  const seen = new Set()
  const circles = []
  for (const [folder, before] of ways) {
    if (seen.has(folder) || !before.has(folder)) continue
    const group = [...before.keys()].filter((other) => ways.get(other)?.has(folder)).sort()
    for (const member of group) seen.add(member)
    const shortest = group
      .map((member) => shortestCircle(ways.get(member), member))
      .sort((a, b) => a.length - b.length)[0]
    circles.push({ group, shortest })
  }
  return circles
}

/** Describes a circle in lines: its folders, and for each arrow of the shortest way round some of its imports. */
const described = (imports, { group, shortest }) => [
  `circle of ${group.length} folders: ${group.join(", ")}`,
  ...shortest.slice(1).flatMap((to, index) => {
    const made = imports.get(shortest[index]).get(to)
    const more = made.length > SHOWN ? [`    and ${made.length - SHOWN} more`] : []
    return [`  ${shortest[index]} -> ${to}`, ...made.slice(0, SHOWN).map((line) => `    ${line}`), ...more]
  }),
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const imports = folderImports(resolve(process.argv[2] ?? join(root, "src")))
  const circles = folderCircles(imports)
  process.stdout.write(
    `${[...circles.flatMap((circle) => described(imports, circle)), `circles of folders: ${circles.length}`].join("\n")}\n`,
  )
  process.exitCode = circles.length === 0 ? 0 : 1
}
