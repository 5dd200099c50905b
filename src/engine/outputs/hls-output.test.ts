import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { type Playlist, readPlaylist } from "../../core/hls/playlist.ts"
import { runOfSegment, segmentName } from "../../core/hls/segment-names.ts"
import { BITRATE, DIRECTORY, PROGRAMME, useHlsStage } from "./uploads/testing/hls-stage.ts"

const { stage, directory, start, stop, idle } = useHlsStage()

const playlist = (): Playlist => {
  const read = readPlaylist(readFileSync(join(directory(), "index.m3u8"), "utf8"))
  if (read === null) throw new Error("the playlist cannot be read")
  return read
}
const listed = (): Buffer => Buffer.concat(playlist().segments.map(({ name }) => readFileSync(join(directory(), name))))
describe("a directory", () => {
  it("is left alone once a session has settled that was closed while it opened", async () => {
    for (let i = 0; i < 20; i++) {
      await stop(start())
      rmSync(directory(), { recursive: true, force: true })
      await new Promise((resolve) => setTimeout(resolve, 2))
      expect(existsSync(directory())).toBe(false)
    }
  })

  it("holds a playlist of whole segments that every player can begin with; the session is connected with the first", async () => {
    const output = start()
    expect(output.state).toBe("connecting")
    await stage().play(PROGRAMME, BITRATE)
    await idle(output, 14)
    expect(output.state).toBe("connected")
    await stop(output)
    const { independent, mediaSequence, segments, targetDurationS } = playlist()
    expect({ independent, mediaSequence, targetDurationS }).toEqual({
      independent: true,
      mediaSequence: 8,
      targetDurationS: 4,
    })
    expect(segments.map(({ durationS }) => durationS).slice(0, -1)).toEqual([2, 2, 2, 2, 2, 2])
    expect(segments.some(({ discontinuity }) => discontinuity)).toBe(false)
    expect(analyseStrictly(listed()).violations).toEqual([])
    expect(output.stats()).toMatchObject({ packets_dropped: 0, send_errors: 0, address: directory() })
    // No half-written file is left, and files that left the playlist stay for a while.
    expect(readdirSync(directory()).filter((name) => name.startsWith("."))).toEqual([])
    expect(readdirSync(directory()).filter((name) => name.endsWith(".ts")).length).toBe(15)
    const probed = spawnSync("ffprobe", [
      "-v",
      "error",
      "-show_entries",
      "stream=codec_name",
      "-of",
      "csv=p=0",
      join(directory(), "index.m3u8"),
    ])
    expect(probed.stdout.toString().split("\n")).toEqual(expect.arrayContaining(["h264", "aac"]))
  })

  it("has the cues before the first segments at or behind the splice points, and proves them then", async () => {
    const output = start(DIRECTORY, { segment_s: 4, playlist_segments: 20, cue_tags: "both" })
    const fates: string[] = []
    await stage().play(PROGRAMME, BITRATE, () => {
      const [first] = stage().cues
      if (first !== undefined) fates.push(output.fateOf(first))
    })
    await idle(output, 8)
    await stop(output)
    const tagged = playlist().segments.map(({ durationS, tags }) => [
      durationS,
      ...tags.map((tag) => /^#EXT-X-([A-Z-]+)/.exec(tag)?.[1]),
    ])
    expect(tagged.slice(0, -1)).toEqual([
      [4],
      [4],
      [2],
      [4, "DATERANGE", "CUE-OUT"],
      [4, "DATERANGE", "CUE-IN"],
      [2],
      [4, "DATERANGE", "CUE-OUT"],
      [4, "DATERANGE", "CUE-IN"],
    ])
    const [out, back] = playlist().segments.flatMap(({ tags }) =>
      tags.filter((tag) => tag.startsWith("#EXT-X-DATERANGE")),
    )
    expect(out).toMatch(/PLANNED-DURATION=4\.000,SCTE35-OUT=0xFC/)
    expect(back).toMatch(/DURATION=4\.000,SCTE35-IN=0xFC/)
    expect(/ID="[^"]+"/.exec(out ?? "")?.[0]).toBe(/ID="[^"]+"/.exec(back ?? "")?.[0])
    expect(fates[0]).toBe("waiting")
    expect(
      stage()
        .cues.map((position) => output.fateOf(position))
        .filter((fate) => fate === "dropped"),
    ).toEqual([])
    expect(output.fateOf(stage().cues[0] ?? 0)).toBe("sent")
    // The segments still hold the SCTE-35 packets.
    expect(analyseStrictly(listed()).violations).toEqual([])
  })

  it("without cue tags it has no part in the proof", () => {
    expect(start(DIRECTORY, { cue_tags: "none" }).carriesCues).toBe(false)
    expect(start(DIRECTORY, {}).carriesCues).toBe(true)
  })

  it("row 46: after a restart the sequence goes on, behind a discontinuity, with names that never were", async () => {
    const first = start()
    await stage().play(PROGRAMME.subarray(0, 188 * 20_000), BITRATE)
    await idle(first, 7)
    await stop(first)
    const before = playlist()
    stage().sessions.length = 0
    const second = start()
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await idle(second, 2)
    const after = playlist()
    const added = after.segments.findIndex(({ discontinuity }) => discontinuity)
    expect(after.mediaSequence + added).toBe(before.mediaSequence + before.segments.length)
    expect(after.segments.slice(0, added)).toEqual(before.segments.slice(before.segments.length - added))
    expect(after.segments.filter(({ discontinuity }) => discontinuity).length).toBe(1)
    const runs = new Set(after.segments.map(({ name }) => runOfSegment(name)))
    expect(runs.size).toBe(2)
    await stop(second)
  })

  it("of a run long ago nothing is listed, the sequence goes on all the same, and its files are removed after a while", async () => {
    mkdirSync(directory())
    const old = Array.from({ length: 6 }, (_, n) => segmentName(1_500_000_000_000, 99_998 + n))
    const lines = old.flatMap((name, n) => [
      ...(n === 2 ? ["#EXT-X-DISCONTINUITY"] : []),
      "#EXT-X-PROGRAM-DATE-TIME:2017-07-14T02:40:00.000Z",
      "#EXTINF:0.100,",
      name,
    ])
    const text = [
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      "#EXT-X-TARGETDURATION:1",
      "#EXT-X-MEDIA-SEQUENCE:41",
      "#EXT-X-DISCONTINUITY-SEQUENCE:5",
      ...lines,
    ]
    writeFileSync(join(directory(), "index.m3u8"), `${text.join("\n")}\n`)
    for (const name of [...old, "mine.ts", ".1500000000000-000001.ts.tmp"]) writeFileSync(join(directory(), name), "x")
    const output = start(DIRECTORY, { segment_s: 1, playlist_segments: 3 })
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await idle(output, 2)
    expect(playlist()).toMatchObject({ mediaSequence: 47, discontinuitySequence: 6 })
    expect(playlist().segments.map(({ discontinuity }) => discontinuity)).toEqual([
      true,
      ...playlist()
        .segments.slice(1)
        .map(() => false),
    ])
    expect(existsSync(join(directory(), ".1500000000000-000001.ts.tmp"))).toBe(false)
    // The stream goes on for three target durations of 2 s.
    await stage().play(PROGRAMME, BITRATE)
    await stage().until("the old files are gone", () => old.every((name) => !existsSync(join(directory(), name))), 4000)
    expect(existsSync(join(directory(), "mine.ts"))).toBe(true)
    await stop(output)
  })

  it("packets lost on our side make a discontinuity, and nothing else", async () => {
    const output = start()
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    stage().fill(PROGRAMME.subarray(188 * 8000, 188 * 13_600))
    await stage().play(PROGRAMME.subarray(188 * 13_600), BITRATE)
    await idle(output, 10)
    await stop(output)
    expect(output.stats().packets_dropped).toBeGreaterThan(100)
    for (const { name } of playlist().segments)
      expect(analyseStrictly(readFileSync(join(directory(), name))).violations).toEqual([])
  })

  it("says what keeps it from writing", async () => {
    writeFileSync(directory(), "a file")
    const output = start()
    await stage().until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({
      code: expect.stringMatching(/ENOTDIR|EEXIST/),
      message: expect.stringMatching(/hls/),
    })
  })
})
