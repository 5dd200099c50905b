/**
 * `npm run test:image [-- WORK_DIRECTORY]`: carries out the Dockerfile in a clean Debian root and starts what comes
 * out. See test-image.sh. The Debian root is kept in WORK_DIRECTORY and used again; the stages are made anew each time.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { copyContext } from "./build-context.ts"
import { type BuiltImage, buildStages, CERTIFICATES_INSIDE } from "./build-stages.ts"
import { checkImage } from "./check-image.ts"
import { debianRoot, imageTag } from "./debian-root.ts"
import { parseDockerfile, type StageMeta } from "./dockerfile.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const [first = "", second = ""] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** As this machine reaches its registry; a proxy's own certificate comes with it. */
const network = (): Record<string, string> => {
  const registry = execFileSync("npm", ["config", "get", "registry"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim()
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

if (first === "--inside") {
  execFileSync("ip", ["link", "set", "lo", "up"])
  const { image, meta } = JSON.parse(readFileSync(join(second, "image.json"), "utf8")) as {
    image: BuiltImage
    meta: StageMeta
  }
  await checkImage(image, meta, second)
  process.exit(0)
}
if (process.getuid?.() !== 0) throw new Error("it makes namespaces and a Debian root: run it as root")
const work = resolve(first === "" ? join(root, "build", "image") : first)
mkdirSync(work, { recursive: true })
const startedAt = performance.now()
const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(0)
const built = build(work)
rmSync(join(work, "data"), { recursive: true, force: true })
writeFileSync(join(work, "image.json"), JSON.stringify(built))
say(
  `built in ${seconds()} s; size of the image's own files: ${execFileSync("du", ["-sh", built.image.root], { encoding: "utf8" }).split("\t")[0]}`,
)
// A network of its own, with nothing but loopback: no port of this machine is touched, and nothing can be fetched at
// the start.
const inside = [process.execPath, fileURLToPath(import.meta.url), "--inside", work]
const run = spawnSync("unshare", ["--net", "--mount", "--propagation", "private", ...inside], {
  stdio: "inherit",
  timeout: 300_000,
})
if (run.status === 0)
  for (const name of ["stage-0", "stage-1", "context", "data"])
    rmSync(join(work, name), { recursive: true, force: true })
say(
  run.status === 0
    ? `passed in ${seconds()} s`
    : `failed; what was built is in ${work}${existsSync(work) ? "" : " (gone)"}`,
)
process.exit(run.status ?? 1)
