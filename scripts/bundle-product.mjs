/**
 * Writes build/product, the product as end-to-end tests start it: the modules of each of its processes in one file,
 * which starts sooner, beside links to what it reads. Run by Bun. Its folders are those of the sources, and each module
 * believes to be at its own place in it, so that paths lead to the other bundles and to the links.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const product = join(root, "build", "product")

/**
 * What runs by itself: the processes, the threads that they start, and a writer of stores that tests kill. Those without
 * `await` at their top level are compiled beforehand, which only modules of CommonJS can be.
 */
const COMPILED = ["src/main.ts", "src/effects/testing/change-writer.ts"]
const LOADED = ["src/engine/main.ts", "src/engine/test-source.ts", "src/http/request/parse-worker.ts"]
/** What they read, by paths of their own. */
const LINKS = { build: "build", "views/assets": "views/assets" }
/** Packages with native parts, or with files that they look for beside themselves. */
const LEFT_OUT = ["koffi", "pino", "pino-pretty"]

const ownPlaces = {
  name: "own places",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(join(product, relative(root, path))).href),
      ),
      loader: path.endsWith("x") ? "tsx" : "ts",
    }))
  },
}

/** Appears whole or not at all: another run of the tests may start the product at this moment. */
const write = (name, text) => {
  const file = join(product, name)
  const part = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(part, text)
  renameSync(part, file)
}

const bundle = async (entries, options = {}) => {
  const { outputs } = await Bun.build({
    entrypoints: entries.map((entry) => join(root, entry)),
    root,
    target: "bun",
    naming: { entry: "[dir]/[name].ts" },
    // So that errors name the sources.
    sourcemap: "linked",
    minify: { whitespace: true, syntax: true },
    external: LEFT_OUT,
    plugins: [ownPlaces],
    ...options,
  })
  for (const output of outputs) write(output.path, new Uint8Array(await output.arrayBuffer()))
}

await Promise.all([bundle(COMPILED, { format: "cjs", bytecode: true }), bundle(LOADED)])
for (const [name, target] of Object.entries(LINKS)) {
  const link = join(product, name)
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(join(root, target), link)
}
