/**
 * Builds build/core.wasm (release), build/core.debug.wasm (asserts, source map) and build/cipher.wasm (the part of AES
 * that is not a library's) from src/core/assembly when they are missing or older than their sources. Plain Node 20 or
 * Bun; `buildCore()` for other scripts, or run it as a command.
 */
import { createHash, randomBytes } from "node:crypto"
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const sourceDirectory = join(root, "src/core/assembly")
const outputDirectory = join(root, "build")
const stampFile = join(outputDirectory, "core.stamp.json")
const PAGE = 65536

const targets = [
  { name: "core.wasm", entry: "index.ts", options: ["-O3", "--converge", "--noAssert"] },
  { name: "core.debug.wasm", entry: "index.ts", options: ["--debug", "--sourceMap", "./core.debug.wasm.map"] },
  // It lives in the memory of whoever loads it, and has no data of its own.
  { name: "cipher.wasm", entry: "cipher/cipher.ts", own: false, options: ["-O3", "--noAssert", "--enable", "simd"] },
]

const sha256 = (...parts) => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part).update("\0")
  return hash.digest("hex")
}

const readSources = async () => {
  const entries = await readdir(sourceDirectory, { recursive: true })
  const names = entries.map((name) => name.replaceAll(sep, "/")).filter((name) => name.endsWith(".ts"))
  names.sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(sourceDirectory, name), "utf8")])),
  )
}

const sourceHash = async (sources) => {
  const compiler = JSON.parse(await readFile(join(root, "node_modules/assemblyscript/package.json"), "utf8"))
  return sha256(await readFile(fileURLToPath(import.meta.url)), compiler.version, ...[...sources].flat())
}

/** True when the stamp belongs to these sources and the modules are the ones it was written for. */
const isFresh = async (hash) => {
  try {
    const stamp = JSON.parse(await readFile(stampFile, "utf8"))
    if (stamp.sources !== hash) return false
    const outputs = await Promise.all(
      targets.map(async ({ name }) => sha256(await readFile(join(outputDirectory, name)))),
    )
    return outputs.every((output, index) => output === stamp.outputs[index])
  } catch {
    return false
  }
}

/**
 * End and size of the memory map, in bytes. layout.ts holds plain constants, so no TypeScript loader is needed. It is
 * evaluated as a function, because Bun imports no `data:` module.
 */
const readLayout = (sources) => {
  const script = sources.get("memory/layout.ts").replaceAll(/^export /gm, "")
  const layout = new Function(`${script}; return { MAP_END, MEMORY_BYTES }`)()
  if (!Object.values(layout).every(Number.isSafeInteger))
    throw new Error("core: layout.ts does not add up to whole numbers")
  return layout
}

const compile = async (asc, sources, layout, { name, entry, own = true, options }) => {
  const pages = String(Math.ceil(layout.MEMORY_BYTES / PAGE))
  const memory = own
    ? ["--initialMemory", pages, "--maximumMemory", pages, "--memoryBase", String(layout.MAP_END)]
    : ["--initialMemory", "1"]
  const files = new Map()
  const messages = []
  const result = await asc.main(
    [
      entry,
      ...["--outFile", name, "--runtime", "stub", "--use", "abort="],
      ...["--importMemory", "--noExportMemory", ...memory, ...options],
    ],
    {
      readFile: (path) => sources.get(path) ?? null,
      writeFile: (path, contents) => void files.set(path, contents),
      listFiles: () => [],
      stderr: { write: (text) => void messages.push(text) },
    },
  )
  if (result.error) throw new Error(`core: ${result.error.message}\n${messages.join("")}`)
  return files
}

/**
 * Writes a file by renaming, so that it appears whole or not at all: another process may be building at the same time.
 */
const writeWhole = async (name, contents) => {
  const temporary = join(outputDirectory, `.${name}.${process.pid}.${randomBytes(4).toString("hex")}`)
  try {
    await writeFile(temporary, contents)
    await rename(temporary, join(outputDirectory, name))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Brings all modules up to date and resolves to their paths; `built` tells whether anything had to be compiled.
 *
 * @returns {Promise<{ built: boolean, release: string, debug: string, cipher: string }>}
 */
export const buildCore = async () => {
  const [release, debug, cipher] = targets.map(({ name }) => join(outputDirectory, name))
  const paths = { release, debug, cipher }
  const sources = await readSources()
  const hash = await sourceHash(sources)
  if (await isFresh(hash)) return { built: false, ...paths }
  const { default: asc } = await import("assemblyscript/asc")
  const layout = readLayout(sources)
  await mkdir(outputDirectory, { recursive: true })
  const outputs = []
  for (const target of targets) {
    const files = await compile(asc, sources, layout, target)
    for (const [name, contents] of files) await writeWhole(name.split("/").at(-1), contents)
    outputs.push(sha256(files.get(target.name)))
  }
  await writeWhole("core.stamp.json", `${JSON.stringify({ sources: hash, outputs })}\n`)
  return { built: true, ...paths }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now()
  const { built } = await buildCore()
  console.log(built ? `core: built in ${Math.round(performance.now() - started)} ms` : "core: up to date")
}
