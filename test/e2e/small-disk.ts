/** A small disk of its own for a product, that can be filled and freed. */
import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface SmallDisk {
  /** Path that leads to the disk from outside of the namespace. */
  readonly path: string
  /** Words before a command that is to run where the disk is mounted. */
  readonly by: ReadonlyArray<string>
  readonly unmount: () => void
}

/**
 * Makes a file system of `megabytes` in a mount namespace of its own, which a process holds; null where this machine does not
 * allow one. There, each file of `covered` lies under the one that is named with it.
 */
export const smallDisk = async (
  at: string,
  megabytes: number,
  covered: Readonly<Record<string, string>> = {},
): Promise<SmallDisk | null> => {
  mkdirSync(at)
  const cover = 'while [ $# -gt 1 ]; do mount --bind "$2" "$1" || exit 1; shift 2; done'
  const script = `mount -t tmpfs -o size=${megabytes}m small "$1" && shift && ${cover} && echo mounted && exec cat`
  const holder = spawn("unshare", ["-m", "sh", "-c", script, "sh", at, ...Object.entries(covered).flat()])
  const mounted = await new Promise<boolean>((resolve) => {
    holder.stdout.once("data", () => resolve(true))
    holder.once("error", () => resolve(false))
    holder.once("exit", () => resolve(false))
  })
  return mounted
    ? {
        path: `/proc/${holder.pid}/root${at}`,
        by: ["nsenter", "-m", "-t", String(holder.pid)],
        unmount: () => holder.stdin.end(),
      }
    : null
}

/** Fills the disk to its last byte. */
export const fill = (directory: string) => {
  for (const size of [1_000_000, 10_000, 100]) {
    try {
      for (let n = 0; ; n++) writeFileSync(join(directory, `filler-${size}-${n}`), Buffer.alloc(size))
    } catch {
      // The disk is full for files of this size.
    }
  }
}
/** Takes away what `fill` has written. */
export const free = (directory: string) => {
  for (const name of readdirSync(directory).filter((one) => one.startsWith("filler-"))) rmSync(join(directory, name))
}
