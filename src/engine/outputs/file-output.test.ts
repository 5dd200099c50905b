import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { recordingName } from "../../core/recording/file-names.ts"
import { FileOutput } from "./file-output.ts"
import { BITRATE, PROGRAMME, specOf, useFileStage } from "./testing/file-stage.ts"
import { claimDirectory } from "./uploads/directory-claim.ts"

const { root, stage, start, stop, files, recorded } = useFileStage()

describe("a recording", () => {
  it("is the stream, byte for byte, from the first packet after it connected", async () => {
    stage().fill(numberedTs(70))
    const output = await start()
    const ts = numberedTs(7 * 3000, 70)
    await stage().play(ts, 8e6)
    await stop(output)
    expect(files().length).toBe(1)
    expect(recorded().equals(ts)).toBe(true)
    expect(output.stats()).toMatchObject({
      bytes_sent: ts.length,
      packets_dropped: 0,
      send_errors: 0,
      address: join(root(), "record"),
    })
  })

  it("holds what arrived since its last turn, too, when somebody ends it", async () => {
    const output = await start()
    const ts = numberedTs(7 * 300)
    await stage().play(ts.subarray(0, 7 * 188 * 200), 8e6)
    stage().fill(ts.subarray(7 * 188 * 200))
    await stop(output)
    expect(recorded().equals(ts)).toBe(true)
  })

  it("goes on in a new file by time, which begins with a PAT, and nothing is between them", async () => {
    const output = await start(undefined, { segment_s: 3 })
    await stage().play(PROGRAMME, BITRATE)
    await stop(output)
    expect(files().length).toBe(4)
    expect(recorded().equals(Buffer.from(PROGRAMME))).toBe(true)
    for (const name of files().slice(1)) {
      const file = readFileSync(join(root(), "record", name))
      expect([file[0], (file[1] ?? 0) & 0x5f, file[2]]).toEqual([0x47, 0x40, 0])
      expect(file.length % 188).toBe(0)
    }
  })

  it("goes on in a new file by size", async () => {
    const output = await start(undefined, { segment_mb: 1 })
    await stage().play(PROGRAMME, BITRATE)
    await stop(output)
    expect(files().length).toBe(4)
    for (const name of files())
      expect(readFileSync(join(root(), "record", name)).length).toBeLessThanOrEqual(1_000_000 + 1316)
    expect(recorded().equals(Buffer.from(PROGRAMME))).toBe(true)
  })

  it("proves each cue once its packet is in the file", async () => {
    const output = await start()
    await stage().play(PROGRAMME, BITRATE)
    expect(stage().cues.length).toBeGreaterThan(3)
    const last = stage().cues.at(-1) ?? 0
    await stage().until("the last cue is written", () => output.fateOf(last) === "sent")
    expect(
      stage()
        .cues.map((position) => output.fateOf(position))
        .every((fate) => fate === "sent"),
    ).toBe(true)
    expect(output.fateOf((stage().core.ringHead(0) + 5) >>> 0)).toBe("waiting")
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
    const obstacle = join(root(), "obstacle")
    writeFileSync(obstacle, "")
    const directory = join(obstacle, "record")
    const claim = await claimDirectory(directory, "before")
    claim.leaving()
    const output = new FileOutput(stage().context, specOf(directory), 0)
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
    const directory = join(root(), "record")
    mkdirSync(directory)
    const kept = ["holiday.ts", "notes.txt", old(2, directory)]
    const gone = [old(50, directory), old(30, directory)]
    const output = await start(directory, { keep_hours: 24 })
    await stage().play(PROGRAMME.subarray(0, 188 * 700), BITRATE)
    writeFileSync(join(directory, "holiday.ts"), "x")
    writeFileSync(join(directory, "notes.txt"), "x")
    await stage().until("the old ones are gone", () => gone.every((name) => !existsSync(join(directory, name))))
    await stop(output)
    for (const name of kept) expect(existsSync(join(directory, name))).toBe(true)
  })

  it("a file that somebody removed while it was written ends the session: what follows would be lost unseen", async () => {
    const output = await start()
    await stage().play(PROGRAMME.subarray(0, 188 * 1400), BITRATE)
    const name = await stage().until("a file", () => files()[0])
    rmSync(join(root(), "record", name))
    await stage().play(PROGRAMME, BITRATE)
    await stage().until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({ code: "file_gone", transient: true })
  })
})

describe("what cannot be written", () => {
  it.each([["a part of the path is a file", "a/b", /a part of the path is a file/, false]])(
    "%s",
    async (_, path, message, transient) => {
      writeFileSync(join(root(), "a"), "x")
      const output = await start(join(root(), path))
      expect(output.reason).toMatchObject({ message: expect.stringMatching(message), transient })
    },
  )

  it("without a directory the session says so", async () => {
    const output = new FileOutput(stage().context, specOf(null), 0)
    await stage().until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({ code: "directory", transient: false })
  })
})
