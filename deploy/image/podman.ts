/**
 * Builds the Dockerfile with Podman and runs what comes out as a container engine does, read-only and without
 * capabilities. Nothing is fetched but packages: the base image is made from a Debian root. To be run in a mount
 * namespace of its own, as `inOwnNamespace` makes one.
 */
import { spawnSync } from "node:child_process"
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { CERTIFICATES_INSIDE, HOST_CERTIFICATES } from "./build-stages.ts"
import type { StageMeta } from "./dockerfile.ts"
import type { Answer, ImageRunner, RunningImage } from "./running-image.ts"

export const IMAGE = "stream-distributor:tested"
const BUILD_MS = 1_200_000
const ASK_MS = 60_000
/** More than a build says. */
const OUTPUT_BYTES = 1 << 28
const STOP_S = 10
/** What a container gets where this machine allows as much. */
const DESCRIPTORS = 65_536
const PROCESSES = 4096

/**
 * Words before a command that is to have mounts, and with `--net` a network, of its own. crun takes control groups of
 * version 2 only; where the machine has both versions, the namespace has an empty tree of version 2.
 */
export const inOwnNamespace = (...more: ReadonlyArray<string>): ReadonlyArray<string> => {
  const tree = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
  const script = `[ -e /sys/fs/cgroup/cgroup.controllers ] || { ${tree}; }; exec "$@"`
  return ["unshare", "--mount", "--propagation", "private", ...more, "sh", "-c", script, "sh"]
}

/** A limit of this process, at most `most`: raising it takes a capability that a container may lack. */
const limit = (name: string, most: number): number => {
  const [, hard = ""] =
    new RegExp(`^Max ${name} +\\S+ +(\\S+)`, "m").exec(readFileSync("/proc/self/limits", "utf8")) ?? []
  return hard === "unlimited" ? most : Math.min(most, Number(hard))
}

export const limits = (): ReadonlyArray<string> => {
  const [files, processes] = [limit("open files", DESCRIPTORS), limit("processes", PROCESSES)]
  return ["--ulimit", `nofile=${files}:${files}`, "--ulimit", `nproc=${processes}:${processes}`]
}

/** Why Podman cannot be used here; null when it can. */
export const podmanMissing = (): string | null => {
  const { status } = spawnSync("podman", ["--version"])
  return status === 0 ? null : "not installed: apt-get install podman"
}

/** Podman with a store of its own in the work directory. */
export class Podman {
  readonly #work: string
  readonly #store: ReadonlyArray<string>

  constructor(work: string) {
    this.#work = work
    const store = join(work, "podman")
    this.#store = [
      ...["--root", join(store, "store"), "--runroot", join(store, "run")],
      ...["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"],
    ]
  }

  #run(args: ReadonlyArray<string>, timeout: number) {
    const { status, stderr, stdout } = spawnSync("podman", [...this.#store, ...args], {
      encoding: "utf8",
      timeout,
      maxBuffer: OUTPUT_BYTES,
    })
    return { code: status ?? -1, stdout: stdout ?? "", stderr: stderr ?? "" }
  }

  ask(args: ReadonlyArray<string>): Answer {
    const { code, stderr, stdout } = this.#run(args, ASK_MS)
    return { code, output: `${stdout}${stderr}` }
  }

  /** Standard output of a command that must succeed within `ms`. */
  told(args: ReadonlyArray<string>, ms = ASK_MS): string {
    const { code, stderr, stdout } = this.#run(args, ms)
    if (code !== 0) throw new Error(`podman ${args[0]}: ${stderr.slice(-2000)}`)
    return stdout.trim()
  }

  /**
   * A program that podman-compose calls in Podman's place. Its version in Debian 12 gives a network of its own to every
   * service, even to those that have the machine's, which Podman refuses.
   */
  program(): string {
    const path = join(this.#work, "podman", "podman.sh")
    const script = `#!/bin/sh
[ "$1" = network ] && exit 0
skip=
for word do
  shift
  if [ -n "$skip" ]; then skip=; continue; fi
  case $word in --net | --network-alias) skip=1; continue ;; esac
  set -- "$@" "$word"
done
exec podman ${this.#store.join(" ")} "$@"
`
    writeFileSync(path, script, { mode: 0o755 })
    return path
  }

  /** Containers go without control groups where the machine gives them none. */
  groupArguments(): ReadonlyArray<string> {
    const hasGroups = readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").includes("memory")
    return hasGroups ? [] : ["--cgroups=disabled"]
  }

  /** Builds a Dockerfile, with this machine's certificates and npm registry. */
  build(tag: string, dockerfile: string, context: string): void {
    const npmrc = join(this.#work, "podman", "npmrc")
    const certificates = existsSync(HOST_CERTIFICATES)
      ? ["--volume", `${HOST_CERTIFICATES}:${CERTIFICATES_INSIDE}:ro`]
      : []
    this.told(
      [
        ...["build", "--isolation", "chroot", "--network", "host", "--pull=never", "--format", "docker"],
        // Without it each line of the Dockerfile is a copy of everything before.
        "--layers=false",
        ...limits(),
        ...certificates,
        ...["--volume", `${npmrc}:/root/.npmrc:ro`, "--tag", tag, "--file", dockerfile, context],
      ],
      BUILD_MS,
    )
  }
}

/** Builds the image from the Debian root `base`, which gets the name that the Dockerfile builds on. */
export const buildByPodman = (
  work: string,
  dockerfile: string,
  base: { readonly folder: string; readonly tag: string },
  context: string,
  registry: string,
): Podman => {
  const podman = new Podman(work)
  rmSync(join(work, "podman"), { recursive: true, force: true })
  mkdirSync(join(work, "podman"))
  const archive = join(work, "podman", "base.tar")
  spawnSync("tar", ["-C", base.folder, "-cf", archive, "."], { stdio: "inherit" })
  podman.told(["import", archive, `docker.io/library/${base.tag}`], BUILD_MS)
  rmSync(archive)
  // As this machine reaches its registry.
  const npmrc = join(work, "podman", "npmrc")
  const hasCertificates = existsSync(HOST_CERTIFICATES)
  writeFileSync(npmrc, `registry=${registry}\n${hasCertificates ? `cafile=${CERTIFICATES_INSIDE}\n` : ""}`)
  podman.build(IMAGE, dockerfile, context)
  return podman
}

class PodmanContainer implements RunningImage {
  readonly #podman: Podman
  readonly #id: string
  #last = ""

  constructor(podman: Podman, id: string) {
    this.#podman = podman
    this.#id = id
  }

  get output(): string {
    const { code, output } = this.#podman.ask(["logs", this.#id])
    if (code === 0) this.#last = output
    return this.#last
  }

  exec(command: ReadonlyArray<string>): Answer {
    return this.#podman.ask(["exec", this.#id, ...command])
  }

  health(): Answer {
    return this.#podman.ask(["healthcheck", "run", this.#id])
  }

  status(field: string): string {
    const pid = this.#podman.told(["inspect", "--format", "{{.State.Pid}}", this.#id])
    return new RegExp(`^${field}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? ""
  }

  stop(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }> {
    const started = performance.now()
    const usual = this.#podman.told(["inspect", "--format", "{{.Config.StopSignal}}", this.#id])
    if (usual !== "15" && usual !== signal) throw new Error(`the container is stopped by ${usual}, not by ${signal}`)
    this.#podman.told(["stop", "--time", String(STOP_S), this.#id])
    const code = Number(this.#podman.told(["inspect", "--format", "{{.State.ExitCode}}", this.#id]))
    return Promise.resolve({ code, ms: performance.now() - started })
  }

  kill(): void {
    void this.output
    this.#podman.ask(["rm", "--force", "--time", "0", this.#id])
  }
}

/** Runs the image that `buildByPodman` has built. */
export const podmanRunner = (work: string, user: ImageRunner["user"], { volumes }: StageMeta): ImageRunner => {
  const podman = new Podman(work)
  let last = ""
  return {
    user,
    start: (dataDir, args = [], env = {}) => {
      mkdirSync(dataDir, { recursive: true })
      chownSync(dataDir, user.uid, user.gid)
      last = podman.told([
        ...["run", "--detach", "--network", "host", "--read-only", "--tmpfs", "/tmp:size=64m,mode=1777"],
        ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", ...limits()],
        ...podman.groupArguments(),
        ...volumes.flatMap((volume) => ["--volume", `${dataDir}:${volume}`]),
        ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
        ...[IMAGE, ...args],
      ])
      return new PodmanContainer(podman, last)
    },
    // Podman itself makes mount points below /etc and /run.
    changedSince: () =>
      podman
        .told(["diff", last])
        .split("\n")
        .filter((line) => !/^[AC] \/(?:etc|run)(?:\/|$)/.test(line) && line !== "")
        .join("\n"),
  }
}
