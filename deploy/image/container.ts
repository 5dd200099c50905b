/**
 * Starts a built root as a container engine would: its user, no capabilities, a process namespace with the product as
 * its first process, everything read-only but /data and /tmp. To be run in a network and mount namespace of its own
 * (main.ts).
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { chownSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { BuiltImage } from "./build-stages.ts"
import type { StageMeta } from "./dockerfile.ts"
import type { Answer, ImageRunner, RunningImage } from "./running-image.ts"

/** `$1` root, `$2` data directory, `$3` UID, `$4` GID, `$5` working directory, then the command. */
const ENTER = `
set -e
root=$1; data=$2; uid=$3; gid=$4; workdir=$5; shift 5
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -o remount,ro "$root/dev"
exec chroot "$root" /usr/bin/setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
  /bin/sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"
`

/** What a process of the image says and how it ends. */
class ContainerProcess implements RunningImage {
  readonly child: ChildProcess
  readonly #image: BuiltImage
  readonly #healthcheck: ReadonlyArray<string>
  output = ""
  readonly ended: Promise<number | null>

  constructor(
    image: BuiltImage,
    dataDir: string,
    command: ReadonlyArray<string>,
    healthcheck: ReadonlyArray<string>,
    env: Readonly<Record<string, string>>,
  ) {
    this.#image = image
    this.#healthcheck = healthcheck
    const { gid, uid } = image.user
    mkdirSync(dataDir, { recursive: true })
    chownSync(dataDir, uid, gid)
    const words = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", ENTER, "enter"]
    const about = [image.root, dataDir, String(uid), String(gid), image.workdir]
    // Nothing of this machine's environment gets inside.
    this.child = spawn("unshare", [...words, ...about, ...command], {
      env: { ...image.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk) => (this.output += String(chunk)))
    this.ended = new Promise((resolve) => this.child.once("exit", (code) => resolve(code)))
  }

  /** Process id of the product as this machine sees it: the one child of `unshare`. */
  pid(): number {
    const parent = this.child.pid
    const pid = Number(readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ")[0])
    if (!(pid > 0)) throw new Error(`the container has no process: ${this.output}`)
    return pid
  }

  status(field: string): string {
    return new RegExp(`^${field}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${this.pid()}/status`, "utf8"))?.[1] ?? ""
  }

  health(): Answer {
    return this.exec(this.#healthcheck)
  }

  /** As `docker exec` does. */
  exec(command: ReadonlyArray<string>): Answer {
    const { env, user } = this.#image
    const { gid, uid } = user
    const enter = [
      "--target",
      String(this.pid()),
      "--mount",
      "--pid",
      "--root",
      "--wd",
      "--setuid",
      String(uid),
      "--setgid",
      String(gid),
    ]
    const options = { env, encoding: "utf8", timeout: 60_000 } as const
    const { status, stderr, stdout } = spawnSync("nsenter", [...enter, "--", ...command], options)
    return { code: status ?? 1, output: `${stdout}${stderr}` }
  }

  /**
   * Ends it and, as it is the first process of its namespace, everything it started. `--kill-child` does not outlive
   * the change of user.
   */
  kill(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(this.pid(), "SIGKILL")
  }

  async stop(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }> {
    const started = performance.now()
    process.kill(this.pid(), signal)
    const timer = setTimeout(() => this.kill(), 10_000)
    const code = await this.ended
    clearTimeout(timer)
    return { code, ms: performance.now() - started }
  }
}

/** Runs a built root. */
export const rootRunner = (image: BuiltImage, { entrypoint, healthcheck }: StageMeta): ImageRunner => ({
  user: image.user,
  start: (dataDir, args = [], env = {}) =>
    new ContainerProcess(image, dataDir, [...(entrypoint ?? []), ...args], healthcheck?.command ?? [], env),
  changedSince: (sinceMs) =>
    execFileSync("find", [image.root, "-xdev", "-newermt", `@${Math.ceil(sinceMs / 1000)}`, "-not", "-type", "d"], {
      encoding: "utf8",
    }).trim(),
})

export const dataOf = (work: string, name: string): string => join(work, "data", name)
