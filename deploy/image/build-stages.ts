/**
 * Carries out the stages of a Dockerfile, each in a copy of a Debian root. Needs root; every mount lives in a namespace
 * of its own.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Stage, Step } from "./dockerfile.ts"

/** The finished root of the last stage, and how its processes are started. */
export interface BuiltImage {
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  readonly workdir: string
  readonly user: { readonly uid: number; readonly gid: number }
}

export interface BuildPlace {
  /** A clean Debian root, which is copied. */
  readonly base: string
  /** The build context. */
  readonly context: string
  /** Where the stages' roots are made. */
  readonly work: string
  /**
   * Environment that lets package managers of this machine reach their mirrors; a build by Docker gets it as build
   * arguments.
   */
  readonly network: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/** The certificates of this machine, where its packages come through a proxy with a certificate of its own. */
export const HOST_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
export const CERTIFICATES_INSIDE = "/run/host-certificates.crt"

/** `$1` is the root, what follows the command. */
const ENTER = `
set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
touch "$root/etc/resolv.conf" "$root${CERTIFICATES_INSIDE}"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
if [ -e ${HOST_CERTIFICATES} ]; then mount --bind ${HOST_CERTIFICATES} "$root${CERTIFICATES_INSIDE}"; fi
exec chroot "$root" "$@"
`

/** Runs a line of a shell in a root, with this machine's certificates and resolver. */
export const shellIn = (
  root: string,
  workdir: string,
  env: Readonly<Record<string, string>>,
  command: string,
): void => {
  const enter = [
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--propagation",
    "private",
    "sh",
    "-c",
    ENTER,
    "enter",
    root,
  ]
  const line = ["/bin/sh", "-c", `cd "$0" && ${command}`, workdir]
  execFileSync("unshare", [...enter, ...line], { env, stdio: ["ignore", "ignore", "inherit"], timeout: 900_000 })
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** As COPY does: a folder's content, and a file into a folder or to a name. */
const copyInto = (from: string, sources: ReadonlyArray<string>, to: string, intoFolder: boolean): void => {
  for (const source of sources) {
    const path = resolve(from, source.replace(/^\/+/, ""))
    if (!existsSync(path)) throw new Error(`COPY: ${source} is not there`)
    const folder = isFolder(path)
    mkdirSync(folder || intoFolder ? to : resolve(to, ".."), { recursive: true })
    const what = folder ? readdirSync(path).map((name) => join(path, name)) : [path]
    if (what.length > 0) execFileSync("cp", ["-a", "--no-preserve=ownership", ...what, to])
  }
}

const runStage = (stage: Stage, root: string, roots: ReadonlyMap<string, string>, place: BuildPlace): BuiltImage => {
  let env: Record<string, string> = { PATH: DEFAULT_PATH, HOME: "/root" }
  let workdir = "/"
  let user = { uid: 0, gid: 0 }
  const carryOut = (step: Step): void => {
    switch (step.op) {
      case "run":
        if (user.uid !== 0) throw new Error("RUN behind USER is not carried out here")
        shellIn(root, workdir, { ...place.network, ...env }, step.command)
        break
      case "copy": {
        const from = step.from === null ? place.context : roots.get(step.from)
        if (from === undefined) throw new Error(`COPY: there is no stage ${step.from}`)
        const target = resolve(root, `.${resolve(workdir, step.target)}`)
        copyInto(
          from,
          step.sources,
          target,
          step.sources.length > 1 || /(^|\/)\.?$/.test(step.target) || isFolder(target),
        )
        break
      }
      case "workdir":
        workdir = step.path
        mkdirSync(join(root, step.path), { recursive: true })
        break
      case "env":
        env = { ...env, ...step.variables }
        break
      case "user":
        user = { uid: step.uid, gid: step.gid }
    }
  }
  for (const step of stage.steps) {
    const started = performance.now()
    carryOut(step)
    const what = step.op === "run" ? step.command.slice(0, 90) : step.op
    place.log(`  ${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  }
  return { root, env, workdir, user }
}

/** Builds every stage; the last one is the image. */
export const buildStages = (stages: ReadonlyArray<Stage>, place: BuildPlace): BuiltImage => {
  const roots = new Map<string, string>()
  let image: BuiltImage | null = null
  stages.forEach((stage, index) => {
    place.log(`stage ${stage.name ?? index} of ${stage.base}`)
    const root = join(place.work, `stage-${index}`)
    rmSync(root, { recursive: true, force: true })
    execFileSync("cp", ["-a", "--reflink=auto", place.base, root])
    // Services that a package starts when it is installed would run on this machine; a container engine has no init
    // either.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 })
    image = runStage(stage, root, roots, place)
    for (const name of [String(index), ...(stage.name === null ? [] : [stage.name])]) roots.set(name, root)
  })
  if (image === null) throw new Error("there is no stage")
  return image
}
