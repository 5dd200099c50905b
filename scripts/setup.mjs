// Prepares a machine that has only Node and npm for running the product or its tests. Idempotent, and quick the second
// time.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))
export const bun = join(root, "node_modules", ".bin", "bun")
export const deno = join(root, "node_modules", ".bin", "deno")

const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/lib",
]
const hasLibrary = (name) => LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, name)))
export const hasProgram = (name) =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, name)))

/** True for Debian 12's libsrt before +deb12u2, which has two known stack overflows. */
const vulnerableLibsrt = () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format is read by dpkg-query
  const query = spawnSync("dpkg-query", ["-W", "-f", "${Version}", "libsrt1.5-openssl"], { encoding: "utf8" })
  const match = /^1\.5\.1-\d+\+deb12u(\d+)/.exec(query.stdout ?? "")
  return match !== null && Number(match[1]) < 2
}

/** Debian packages that the product needs, each with a test for its presence. */
const RUN_PACKAGES = {
  "libsrt1.5-openssl": () => hasLibrary("libsrt.so.1.5") && !vulnerableLibsrt(),
  ffmpeg: () => hasProgram("ffmpeg") && hasProgram("ffprobe"),
}
const TEST_PACKAGES = {
  ...RUN_PACKAGES,
  "srt-tools": () => hasProgram("srt-live-transmit"),
  "nginx-core": () => hasProgram("nginx") || existsSync("/usr/sbin/nginx"),
  "libnginx-mod-rtmp": () => existsSync("/usr/lib/nginx/modules/ngx_rtmp_module.so"),
  postgresql: () => filesUnder("/usr/lib/postgresql", "/bin/initdb").length > 0 || hasProgram("initdb"),
  "chromium-headless-shell": () => hasProgram("chromium-headless-shell"),
  prometheus: () => hasProgram("promtool") && hasProgram("prometheus"),
  "prometheus-alertmanager": () => hasProgram("amtool") && hasProgram("prometheus-alertmanager"),
  "prometheus-node-exporter": () => hasProgram("prometheus-node-exporter"),
  tshark: () => hasProgram("tshark"),
  iproute2: () => hasProgram("ip") || existsSync("/usr/sbin/ip"),
}

const say = (message) => process.stderr.write(`${message}\n`)

/**
 * Installs the npm packages: `run` needs `dependencies` only, `test` needs all of them, which take twice the space. A
 * stamp keeps the hash of the lock file and the purpose, so that nothing is installed twice. Test tools stay, whoever
 * has installed them.
 * @param {"run" | "test"} purpose
 */
export const nodePackages = (purpose) => {
  const major = Number(process.versions.node.split(".")[0])
  if (major < 20) throw new Error(`Node ${process.versions.node} is too old: install Node 20 or later`)
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
  const stamp = join(root, "node_modules", ".setup-stamp")
  const done = existsSync(stamp) && existsSync(bun) ? readFileSync(stamp, "utf8") : ""
  if (done === lock || (purpose === "run" && done === `run ${lock}`)) return
  const all = purpose === "test" || existsSync(join(root, "node_modules", "vitest"))
  say(`setup: installing npm packages${all ? "" : " that running needs"} ...`)
  // Always explicit: NODE_ENV=production or a .npmrc may set another default.
  const which = all ? "--include=dev" : "--omit=dev"
  // `npm ci` empties node_modules first. A machine that has run before must not lose its packages when the registry is
  // down.
  const how = existsSync(join(root, "node_modules")) ? ["install", "--no-save"] : ["ci"]
  const npm = spawnSync("npm", [...how, which, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  })
  if (npm.status !== 0)
    throw new Error(`npm ${how[0]} failed: see the lines above; the npm registry must be reachable once`)
  writeFileSync(stamp, all ? lock : `run ${lock}`)
}

const systemPackages = (packages) => {
  const missing = Object.entries(packages)
    .filter(([, present]) => !present())
    .map(([name]) => name)
  if (missing.length === 0) return
  const install = "apt-get install -y --no-install-recommends"
  const command = `apt-get update && ${install} ${missing.join(" ")}`
  if (process.getuid?.() !== 0 || !hasProgram("apt-get")) {
    say(`setup: ${missing.join(", ")} missing or outdated; install with: sudo sh -c '${command}'`)
    return
  }
  say(`setup: installing ${missing.join(", ")} ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const run = (text) => spawnSync("sh", ["-c", text], { env, stdio: ["ignore", "ignore", 2] }).status === 0
  if (run(command)) return
  // A release of Debian that lacks one of them still has the others.
  const failed = missing.filter((name) => !run(`${install} ${name}`))
  if (failed.length > 0) say(`setup: apt-get failed; install by hand: ${install} ${failed.join(" ")}`)
}

/** Builds core.wasm when it is older than its sources. */
const packetCore = async () => {
  const { buildCore } = await import(pathToFileURL(join(root, "scripts", "build-core.mjs")).href)
  await buildCore()
}

/**
 * Installs packages of npm and of the system, and builds the packet core.
 * @param {"run" | "test"} purpose
 */
export const setup = async (purpose) => {
  nodePackages(purpose)
  systemPackages(purpose === "test" ? TEST_PACKAGES : RUN_PACKAGES)
  mkdirSync(join(root, "build"), { recursive: true })
  await packetCore()
}

/** Paths, relative to `folder`, of the files below it that end in `suffix`; none when there is no such folder. */
export const filesUnder = (folder, suffix) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(suffix))
    : []
