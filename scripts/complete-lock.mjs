// Adds to package-lock.json the optional packages of other platforms that the registry in use does not carry: a mirror
// for Linux may lack the builds of rollup for macOS. npm 11 refuses a lock file without them. `npm run lock` calls this
// after npm has written the lock file.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./setup.mjs"

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"]
/** The C library that Linux packages name at the end. On Windows gnu stands for the compiler. */
const C_LIBRARIES = { glibc: "glibc", gnu: "glibc", musl: "musl", gnueabihf: "glibc", musleabihf: "musl" }

/**
 * Platform that a package is built for, read from the end of its name: `@rollup/rollup-linux-arm64-musl`. npm leaves
 * out packages whose `os`, `cpu` or `libc` is not the machine's, so all three have to be known.
 * @throws when the name says no platform
 */
export const platformOf = (name) => {
  const words = name.split("/").at(-1).split("-")
  const os = words.find((word) => SYSTEMS.includes(word))
  const cpu = words.find((word) => PROCESSORS.includes(word))
  if (os === undefined || cpu === undefined)
    throw new Error(`complete-lock: ${name} does not say which platform it is for`)
  const libc = os === "linux" ? C_LIBRARIES[words.at(-1)] : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] }
}

/**
 * Where Node looks for `name` from the package at `path`: its own node_modules first, those of the folders above it
 * next.
 */
const candidates = (path, name) => {
  const parents = path.split("/node_modules/")
  const nested = parents.map((_, depth) => parents.slice(0, parents.length - depth).join("/node_modules/"))
  return [...new Set([...nested, ""])].map((folder) =>
    folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`,
  )
}

/** Optional packages that the lock file's packages ask for and that it has no entry for. */
export const missingPackages = (packages) =>
  Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !candidates(path, name).some((candidate) => candidate in packages))
      .map(([name, version]) => ({ name, version, neededBy: path, dev: entry.dev === true })),
  )

/**
 * The lock file's packages with an entry for each missing one, in npm's order. The entries have no checksum: npm takes
 * it from the registry when it installs one of them.
 * @throws when a missing package has no exact version, or a name that says no platform
 */
export const completed = (packages) => {
  const added = missingPackages(packages).map(({ name, version, neededBy, dev }) => {
    if (!/^\d+\.\d+\.\d+$/.test(version))
      throw new Error(`complete-lock: ${neededBy} asks for ${name} ${version}, not one version`)
    const { cpu, libc, os } = platformOf(name)
    const entry = { version, cpu, ...(dev ? { dev } : {}), ...(libc === undefined ? {} : { libc }), optional: true, os }
    return [`node_modules/${name}`, entry]
  })
  const [project, ...rest] = Object.entries(packages)
  return Object.fromEntries([project, ...[...rest, ...added].sort(([a], [b]) => a.localeCompare(b, "en"))])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const file = join(root, "package-lock.json")
  const lock = JSON.parse(readFileSync(file, "utf8"))
  const missing = missingPackages(lock.packages)
  if (missing.length > 0)
    writeFileSync(file, `${JSON.stringify({ ...lock, packages: completed(lock.packages) }, null, 2)}\n`)
  process.stderr.write(`complete-lock: ${missing.length} packages added\n`)
}
