/**
 * `npm run test:image [-- WORK_DIRECTORY]`: carries out the Dockerfile in a clean Debian root and starts what comes
 * out. See test-image.sh. The Debian root is kept in WORK_DIRECTORY and used again; the stages are made anew each time.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { bootMissing, checkBoot, prepareBoot } from "./boot.ts"
import { copyContext } from "./build-context.ts"
import { type BuiltImage, buildStages, CERTIFICATES_INSIDE } from "./build-stages.ts"
import { checkImage } from "./check-image.ts"
import { buildMonitoring, checkCompose, composeMissing } from "./compose.ts"
import { rootRunner } from "./container.ts"
import { debianRoot, imageTag } from "./debian-root.ts"
import { parseDockerfile, type StageMeta } from "./dockerfile.ts"
import { buildByPodman, inOwnNamespace, Podman, podmanMissing, podmanRunner } from "./podman.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const [first = "", second = ""] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const registryOfNpm = (): string =>
  execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()

/** As this machine reaches its registry; a proxy's own certificate comes with it. */
const network = (): Record<string, string> => {
  const registry = registryOfNpm()
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name))
  return {
    ...Object.fromEntries(proxies.map(([name, value]) => [name, value ?? ""])),
    npm_config_registry: registry,
    NODE_EXTRA_CA_CERTS: CERTIFICATES_INSIDE,
  }
}

const build = (work: string): { readonly image: BuiltImage; readonly meta: StageMeta } => {
  const stages = parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8"))
  const base = join(work, "base")
  debianRoot(base)
  for (const stage of stages) {
    if (stage.base === imageTag(base)) continue
    throw new Error(`the Dockerfile is built on ${stage.base}, but Debian is at ${imageTag(base)} now: change the tag`)
  }
  const context = join(work, "context")
  rmSync(context, { recursive: true, force: true })
  copyContext(root, context)
  const image = buildStages(stages, { base, context, work, network: network(), log: say })
  const meta = stages.at(-1)?.meta
  if (meta === undefined) throw new Error("the Dockerfile has no stage")
  return { image, meta }
}

/** What the first process has built, for those that have namespaces of their own. */
const builtIn = (work: string) =>
  JSON.parse(readFileSync(join(work, "image.json"), "utf8")) as { readonly image: BuiltImage; readonly meta: StageMeta }

if (first === "--inside" || first === "--inside-podman") {
  execFileSync("ip", ["link", "set", "lo", "up"])
  const { image, meta } = builtIn(second)
  const runner = first === "--inside" ? rootRunner(image, meta) : podmanRunner(second, image.user, meta)
  await checkImage(runner, meta, second)
  if (first === "--inside-podman" && composeMissing() === null) await checkCompose(new Podman(second), root, second)
  process.exit(0)
}
if (first === "--prepare-boot") {
  prepareBoot(root, second, network())
  process.exit(0)
}
if (first === "--inside-boot") {
  execFileSync("ip", ["link", "set", "lo", "up"])
  await checkBoot(second)
  process.exit(0)
}
if (first === "--build-by-podman") {
  const folder = join(second, "base")
  const base = { folder, tag: imageTag(folder) }
  const podman = buildByPodman(second, join(root, "Dockerfile"), base, join(second, "context"), registryOfNpm())
  if (composeMissing() === null) buildMonitoring(podman, second, base.tag)
  process.exit(0)
}
if (process.getuid?.() !== 0) throw new Error("it makes namespaces and a Debian root: run it as root")
const work = resolve(first === "" ? join(root, "build", "image") : first)
mkdirSync(work, { recursive: true })
const startedAt = performance.now()
const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(0)
/** Runs this program with one of the words above. */
const by = (before: ReadonlyArray<string>, word: string, timeoutS: number): number => {
  const [command = "", ...args] = [...before, process.execPath, fileURLToPath(import.meta.url), word, work]
  return spawnSync(command, args, { stdio: "inherit", timeout: timeoutS * 1000 }).status ?? 1
}
const emptyData = () => rmSync(join(work, "data"), { recursive: true, force: true })

const built = build(work)
emptyData()
writeFileSync(join(work, "image.json"), JSON.stringify(built))
say(
  `built in ${seconds()} s; size of the image's own files: ${execFileSync("du", ["-sh", built.image.root], { encoding: "utf8" }).split("\t")[0]}`,
)
// A network of its own, with nothing but loopback: no port of this machine is touched, and nothing can be fetched at
// the start.
let status = by(["unshare", "--net", "--mount", "--propagation", "private"], "--inside", 300)
const missing = podmanMissing()
if (status === 0 && missing === null) {
  say(`passed in a changed root after ${seconds()} s; now with Podman`)
  emptyData()
  status = by(inOwnNamespace(), "--build-by-podman", 1300)
  if (status === 0) {
    say(`built by Podman after ${seconds()} s`)
    status = by(inOwnNamespace("--net"), "--inside-podman", 300)
  }
} else if (missing !== null) say(`Podman is left out: ${missing}`)
if (status === 0 && bootMissing() === null) {
  say(`now with a systemd that is booted, after ${seconds()} s`)
  status = by([], "--prepare-boot", 900)
  if (status === 0) status = by(inOwnNamespace("--net"), "--inside-boot", 600)
} else if (bootMissing() !== null) say(`systemd is left out: systemd-nspawn is ${bootMissing()}`)
if (missing === null && composeMissing() !== null) say(`docker-compose.yml is left out: ${composeMissing()}`)
if (status === 0)
  for (const name of ["stage-0", "stage-1", "context", "data", "podman", "booted", "checkouts"])
    rmSync(join(work, name), { recursive: true, force: true })
say(
  status === 0
    ? `passed in ${seconds()} s`
    : `failed; what was built is in ${work}${existsSync(work) ? "" : " (gone)"}`,
)
process.exit(status)
