import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { recordingName } from "../../core/recording/file-names.ts"
import { BITRATE, PROGRAMME, useFileStage } from "./testing/file-stage.ts"

/** Why a small disk cannot be made here, or null. */
const noTmpfs = ((): string | null => {
  const place = mkdtempSync(join(tmpdir(), "tmpfs-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", place], { stdio: "pipe" })
    execFileSync("umount", [place])
    return null
  } catch (cause) {
    return `a tmpfs cannot be mounted: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}`
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})()

const { root, stage, start, stop, files, recorded } = useFileStage()

interface TinyDisk {
  /** Leads into the namespace where it is mounted. */
  readonly path: string
  readonly unmount: () => void
}

/** A file system of 1 MB in a mount namespace of its own; null where this machine does not let us have one. */
const tinyDisk = async (at: string): Promise<TinyDisk | null> => {
  mkdirSync(at)
  const holder = spawn("unshare", [
    "-m",
    "sh",
    "-c",
    'mount -t tmpfs -o size=1m tiny "$1" && echo mounted && exec cat',
    "sh",
    at,
  ])
  const mounted = await new Promise<boolean>((resolve) => {
    holder.stdout.once("data", () => resolve(true))
    holder.once("error", () => resolve(false))
    holder.once("exit", () => resolve(false))
  })
  return mounted ? { path: `/proc/${holder.pid}/root${at}`, unmount: () => holder.stdin.end() } : null
}

describe("row 37: a full disk", () => {
  it("ends the recording with the reason, disturbs nobody else, and the next session goes on once there is space", async (context) => {
    const disk = await tinyDisk(join(root(), "tiny"))
    if (disk === null) return context.skip()
    const at = disk.path
    try {
      const other = await start(join(root(), "other"))
      const full = await start(at, { segment_mb: 1 })
      await stage().play(PROGRAMME, BITRATE)
      await stage().until("ended", () => full.state === "ended")
      await full.settled
      expect(full.reason).toMatchObject({
        code: "ENOSPC",
        message: expect.stringMatching(/^disk full: .*tiny/),
        transient: true,
      })
      const kept = recorded(at)
      expect(kept.length).toBeGreaterThan(700_000)
      expect(kept.length % 188).toBe(0)
      expect(kept.equals(Buffer.from(PROGRAMME.subarray(0, kept.length)))).toBe(true)

      const names = files(at)
      const refused = await start(at)
      expect(refused.reason).toMatchObject({ code: "ENOSPC", message: expect.stringMatching(/^disk full/) })
      // Attempts on a full disk leave nothing behind.
      expect(files(at)).toEqual(names)

      for (const name of names) rmSync(join(at, name))
      const again = await start(at)
      const more = PROGRAMME.subarray(0, 188 * 2100)
      await stage().play(more, BITRATE)
      await stop(again)
      expect(recorded(at).equals(Buffer.from(more))).toBe(true)
      await stop(other)
      expect(recorded(join(root(), "other")).equals(Buffer.concat([PROGRAMME, more]))).toBe(true)
    } finally {
      for (const session of stage().sessions) session.close()
      disk.unmount()
    }
  })
})

describe.skipIf(noTmpfs !== null)(`on a full disk${noTmpfs === null ? "" : ` (skipped: ${noTmpfs})`}`, () => {
  let disk: string
  const names = () => readdirSync(disk).sort()
  const old = (hours: number, bytes = 300_000): string => {
    const ms = Date.now() - hours * 3_600_000
    const name = recordingName(ms)
    try {
      writeFileSync(join(disk, name), new Uint8Array(bytes))
    } catch {
      // As full as it gets.
    }
    utimesSync(join(disk, name), ms / 1000, ms / 1000)
    return name
  }

  beforeEach(() => {
    disk = join(root(), "disk")
    mkdirSync(disk)
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk])
    writeFileSync(join(disk, "holiday.ts"), new Uint8Array(50_000))
    for (let i = 0; i < 8; i++) old(100 - i)
    expect(statfsSync(disk).bavail).toBe(0)
  })
  afterEach(async () => {
    for (const session of stage().sessions) session.close()
    await Promise.all(stage().sessions.map(({ settled }) => settled))
    execFileSync("umount", [disk])
  })

  it("what is older than keep_hours goes before it is opened, so that the recording comes back by itself", async () => {
    const output = await start(disk, { keep_hours: 24 })
    expect(output.state).toBe("connected")
    await stage().play(numberedTs(700), 8e6)
    await stop(output)
    expect(recorded(disk).equals(numberedTs(700))).toBe(true)
    expect(names()).toContain("holiday.ts")
    expect(names()).toHaveLength(2)
  })

  it("so does what is more than keep_gb, the oldest first", async () => {
    const newest = names()
      .filter((name) => name !== "holiday.ts")
      .slice(-2)
    const output = await start(disk, { keep_gb: 0.0006 })
    expect(output.state).toBe("connected")
    expect(names().filter((name) => name !== "holiday.ts")).toEqual(expect.arrayContaining(newest.slice(-1)))
    expect(names().length).toBeLessThan(5)
    expect(names()).toContain("holiday.ts")
  })

  it("nothing goes that is to be kept, and the reason says what to do", async () => {
    const before = names()
    const output = await start(disk, { keep_hours: 1000 })
    expect(output.state).toBe("ended")
    expect(output.reason).toMatchObject({
      code: "ENOSPC",
      transient: true,
      message: expect.stringContaining("let less be kept"),
    })
    expect(names()).toEqual(before)
  })

  it("a recording that fills it goes on with the next attempt, in the room that its own oldest files had", async () => {
    for (const name of names()) if (name !== "holiday.ts") rmSync(join(disk, name))
    const settings = { segment_mb: 0.2, keep_gb: 0.0009 }
    writeFileSync(join(disk, "others.bin"), new Uint8Array(300_000))
    const first = await start(disk, settings)
    // Faster than retention looks.
    for (let round = 0; round < 60 && first.state === "connected"; round++)
      await stage().play(numberedTs(2000, 2000 * round), 32e6)
    await stage().until("it ended", () => first.state === "ended")
    expect(first.reason).toMatchObject({ code: "ENOSPC", transient: true })
    await first.settled
    const second = await start(disk, settings)
    expect(second.state).toBe("connected")
    const before = recorded(disk).length
    await stage().play(numberedTs(700), 8e6)
    await stop(second)
    expect(recorded(disk).length).toBeGreaterThan(before)
    expect(names()).toEqual(expect.arrayContaining(["holiday.ts", "others.bin"]))
  })
})
