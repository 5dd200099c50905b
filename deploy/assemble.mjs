#!/usr/bin/env node
/**
 * `assemble.mjs DIRECTORY`: copies what a running product needs, and nothing else, from a checkout with its npm
 * packages and the WebAssembly modules. The image and the systemd installer are both made of it. Runs on Node 20 and
 * on Bun; `bin/bun` in DIRECTORY is the runtime.
 */
import { chmodSync, constants, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const FILES = [
  "package.json",
  "tsconfig.json",
  "LICENSE",
  "build/core.wasm",
  "build/cipher.wasm",
  "scripts/distributor.mjs",
  "scripts/dotenv.mjs",
  "scripts/service-client.mjs",
  "scripts/service-environment.mjs",
]
const FOLDERS = ["src", "views"]
/**
 * Packages that are only needed to make those modules, and the runtime, which is copied apart: its package holds it
 * twice.
 */
const LEFT_OUT = /^node_modules\/(?:assemblyscript|binaryen|long|bun|@oven\/.*)$/
const TESTS = /(?:^|\/)testing$|\.(?:test|bench)\.tsx?$/
/** `erasableSyntaxOnly` code needs neither declarations nor source maps. */
const UNUSED = /\.(?:d\.[cm]?ts|[cm]?js\.map)$/

/** Packages that the lock file gives to a running product and that are there (those of other platforms are not). */
const packages = () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages
  return Object.entries(lock)
    .filter(
      ([path, entry]) =>
        /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && !entry.dev && !entry.devOptional && !LEFT_OUT.test(path),
    )
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path)))
}

const copy = (path, leaveOut) => {
  mkdirSync(dirname(join(target, path)), { recursive: true })
  cpSync(join(root, path), join(target, path), {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (source) => !leaveOut.test(relative(root, source)),
  })
}

const target = process.argv[2]
if (target === undefined || (existsSync(target) && readdirSync(target).length > 0)) {
  process.stderr.write("usage: assemble.mjs DIRECTORY, which must be empty or not there yet\n")
  process.exit(2)
}
for (const path of FILES) {
  if (existsSync(join(root, path))) continue
  process.stderr.write(`assemble: ${path} is missing: install the npm packages and run scripts/build-core.mjs first\n`)
  process.exit(1)
}
for (const path of FILES) copy(path, UNUSED)
for (const path of FOLDERS) copy(path, TESTS)
for (const path of packages()) copy(path, UNUSED)
mkdirSync(join(target, "bin"), { recursive: true })
copyFileSync(
  join(root, "node_modules", "bun", "bin", "bun.exe"),
  join(target, "bin", "bun"),
  constants.COPYFILE_FICLONE,
)
chmodSync(join(target, "bin", "bun"), 0o755)
