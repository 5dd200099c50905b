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
 * allow one.
 */
export const smallDisk = async (at: string, megabytes: number): Promise<SmallDisk | null> => {
  mkdirSync(at)
  const script = `mount -t tmpfs -o size=${megabytes}m small "$1" && echo mounted && exec cat`
  const holder = spawn("unshare", ["-m", "sh", "-c", script, "sh", at])
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
