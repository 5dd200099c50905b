import { execFileSync, spawn } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { recordingName, startOfRecording } from "../../core/recording/file-names.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import type { OutputSpec } from "../protocol/messages.ts"
import { FileOutput } from "./file-output.ts"
import { claimDirectory } from "./uploads/directory-claim.ts"
import { Stage } from "./uploads/testing/stage.ts"

const BITRATE = 2_000_000
const PROGRAMME = generateTs(12, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2 })

/** Why a small disk cannot be made here; null when it can. */
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

let root: string
let stage: Stage

const spec = (directory: string | null, settings: OutputSpec["settings"] = {}): OutputSpec => ({
  id: "o1",
  label: "record",
  session: "s1",
  url: "file://record",
  settings,
  directory,
})
const start = async (directory = join(root, "record"), settings: OutputSpec["settings"] = {}): Promise<FileOutput> => {
  const output = new FileOutput(stage.context, spec(directory, settings), 0)
  stage.sessions.push(output)
  await stage.until("connected or ended", () => output.state !== "connecting")
  return output
}
const stop = async (output: FileOutput): Promise<void> => {
  output.close()
  await output.settled
}
const files = (directory = join(root, "record")): string[] => readdirSync(directory).sort()
const recorded = (directory = join(root, "record")): Buffer =>
  Buffer.concat(
    files(directory)
      .filter((name) => startOfRecording(name) !== null)
      .map((name) => readFileSync(join(directory, name))),
  )

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "file-output-"))
  stage = await Stage.open()
})
afterEach(async () => {
  for (const session of stage.sessions) session.close()
  rmSync(root, { recursive: true, force: true })
})

describe("a recording", () => {
  it("is the stream, byte for byte, from the first packet after it connected", async () => {
    stage.fill(numberedTs(70))
    const output = await start()
    const ts = numberedTs(7 * 3000, 70)
    await stage.play(ts, 8e6)
    await stop(output)
    expect(files().length).toBe(1)
    expect(recorded().equals(ts)).toBe(true)
    expect(output.stats()).toMatchObject({
      bytes_sent: ts.length,
      packets_dropped: 0,
      send_errors: 0,
      address: join(root, "record"),
    })
  })

  it("holds what arrived since its last turn, too, when somebody ends it", async () => {
    const output = await start()
    const ts = numberedTs(7 * 300)
    await stage.play(ts.subarray(0, 7 * 188 * 200), 8e6)
    stage.fill(ts.subarray(7 * 188 * 200))
    await stop(output)
    expect(recorded().equals(ts)).toBe(true)
  })

  it("goes on in a new file by time, which begins with a PAT, and nothing is between them", async () => {
    const output = await start(undefined, { segment_s: 3 })
    await stage.play(PROGRAMME, BITRATE)
    await stop(output)
    expect(files().length).toBe(4)
    expect(recorded().equals(Buffer.from(PROGRAMME))).toBe(true)
    for (const name of files().slice(1)) {
      const file = readFileSync(join(root, "record", name))
      expect([file[0], (file[1] ?? 0) & 0x5f, file[2]]).toEqual([0x47, 0x40, 0])
      expect(file.length % 188).toBe(0)
    }
  })

  it("goes on in a new file by size", async () => {
    const output = await start(undefined, { segment_mb: 1 })
    await stage.play(PROGRAMME, BITRATE)
    await stop(output)
    expect(files().length).toBe(4)
    for (const name of files())
      expect(readFileSync(join(root, "record", name)).length).toBeLessThanOrEqual(1_000_000 + 1316)
    expect(recorded().equals(Buffer.from(PROGRAMME))).toBe(true)
  })

  it("proves each cue once its packet is in the file", async () => {
    const output = await start()
    await stage.play(PROGRAMME, BITRATE)
    expect(stage.cues.length).toBeGreaterThan(3)
    const last = stage.cues.at(-1) ?? 0
    await stage.until("the last cue is written", () => output.fateOf(last) === "sent")
    expect(stage.cues.map((position) => output.fateOf(position)).every((fate) => fate === "sent")).toBe(true)
    expect(output.fateOf((stage.core.ringHead(0) + 5) >>> 0)).toBe("waiting")
    await stop(output)
  })

  it("two outputs do not share a directory, but one follows the other at once", async () => {
    const first = await start()
    const second = await start()
    expect(second.reason).toMatchObject({
      code: "directory_taken",
      message: expect.stringMatching(/written by the output record/),
    })
    first.close()
    const third = await start()
    expect(third.state).toBe("connected")
    await stop(third)
  })

  it("a session that was closed while it waited for its directory does not keep it", async () => {
    const obstacle = join(root, "obstacle")
    writeFileSync(obstacle, "")
    const directory = join(obstacle, "record")
    const claim = await claimDirectory(directory, "before")
    claim.leaving()
    const output = new FileOutput(stage.context, spec(directory), 0)
    output.close()
    claim.release()
    await output.settled
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await start(directory)).reason?.code).toBe("ENOTDIR")
    rmSync(obstacle)
    expect((await start(directory)).state).toBe("connected")
  })
})

describe("retention", () => {
  const old = (hoursAgo: number, directory: string): string => {
    const name = recordingName(Date.now() - hoursAgo * 3_600_000)
    writeFileSync(join(directory, name), Buffer.alloc(188 * 1000, 1))
    const seconds = Date.now() / 1000 - (hoursAgo - 0.5) * 3600
    utimesSync(join(directory, name), seconds, seconds)
    return name
  }

  it("removes what is too old, and never a file of another name", async () => {
    const directory = join(root, "record")
    mkdirSync(directory)
    const kept = ["holiday.ts", "notes.txt", old(2, directory)]
    const gone = [old(50, directory), old(30, directory)]
    const output = await start(directory, { keep_hours: 24 })
    await stage.play(PROGRAMME.subarray(0, 188 * 700), BITRATE)
    writeFileSync(join(directory, "holiday.ts"), "x")
    writeFileSync(join(directory, "notes.txt"), "x")
    await stage.until("the old ones are gone", () => gone.every((name) => !existsSync(join(directory, name))))
    await stop(output)
    for (const name of kept) expect(existsSync(join(directory, name))).toBe(true)
  })

  it("a file that somebody removed while it was written ends the session: what follows would be lost unseen", async () => {
    const output = await start()
    await stage.play(PROGRAMME.subarray(0, 188 * 1400), BITRATE)
    const name = await stage.until("a file", () => files()[0])
    rmSync(join(root, "record", name))
    await stage.play(PROGRAMME, BITRATE)
    await stage.until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({ code: "file_gone", transient: true })
  })
})

describe("what cannot be written", () => {
  it.each([["a part of the path is a file", "a/b", /a part of the path is a file/, false]])(
    "%s",
    async (_, path, message, transient) => {
      writeFileSync(join(root, "a"), "x")
      const output = await start(join(root, path))
      expect(output.reason).toMatchObject({ message: expect.stringMatching(message), transient })
    },
  )

  it("without a directory the session says so", async () => {
    const output = new FileOutput(stage.context, spec(null), 0)
    await stage.until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({ code: "directory", transient: false })
  })
})

interface TinyDisk {
  /** Path into the namespace where the disk is mounted. */
  readonly path: string
  readonly unmount: () => void
}

/** Makes a file system of 1 MB in a mount namespace of its own; null where this machine does not allow one. */
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
    const disk = await tinyDisk(join(root, "tiny"))
    if (disk === null) return context.skip()
    const at = disk.path
    try {
      const other = await start(join(root, "other"))
      const full = await start(at, { segment_mb: 1 })
      await stage.play(PROGRAMME, BITRATE)
      await stage.until("ended", () => full.state === "ended")
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
      await stage.play(more, BITRATE)
      await stop(again)
      expect(recorded(at).equals(Buffer.from(more))).toBe(true)
      await stop(other)
      expect(recorded(join(root, "other")).equals(Buffer.concat([PROGRAMME, more]))).toBe(true)
    } finally {
      for (const session of stage.sessions) session.close()
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
      // The disk is as full as it gets.
    }
    utimesSync(join(disk, name), ms / 1000, ms / 1000)
    return name
  }

  beforeEach(() => {
    disk = join(root, "disk")
    mkdirSync(disk)
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk])
    writeFileSync(join(disk, "holiday.ts"), new Uint8Array(50_000))
    for (let i = 0; i < 8; i++) old(100 - i)
    expect(statfsSync(disk).bavail).toBe(0)
  })
  afterEach(async () => {
    for (const session of stage.sessions) session.close()
    await Promise.all(stage.sessions.map(({ settled }) => settled))
    execFileSync("umount", [disk])
  })

  it("what is older than keep_hours goes before it is opened, so that the recording comes back by itself", async () => {
    const output = await start(disk, { keep_hours: 24 })
    expect(output.state).toBe("connected")
    await stage.play(numberedTs(700), 8e6)
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
    // Files are written faster than retention looks.
    for (let round = 0; round < 60 && first.state === "connected"; round++)
      await stage.play(numberedTs(2000, 2000 * round), 32e6)
    await stage.until("it ended", () => first.state === "ended")
    expect(first.reason).toMatchObject({ code: "ENOSPC", transient: true })
    await first.settled
    const second = await start(disk, settings)
    expect(second.state).toBe("connected")
    const before = recorded(disk).length
    await stage.play(numberedTs(700), 8e6)
    await stop(second)
    expect(recorded(disk).length).toBeGreaterThan(before)
    expect(names()).toEqual(expect.arrayContaining(["holiday.ts", "others.bin"]))
  })
})
