import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { hasMedia, readMedia, transportStreams } from "../../../test/media.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import { writePlaylist } from "./playlist.ts"
import { segmentName } from "./segment-names.ts"
import { bytesOf, joined, pidOf, segmentsOf, without } from "./testing/segments-of.ts"

const RUN = 1_795_284_000_000
const rollover = [27, 28, 29].map((n) => `shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-00000000${n}.ts`)

const wholeOf = (name: string, from: number): Uint8Array => {
  const bytes = readMedia(name).subarray(from)
  return bytes.subarray(0, bytes.length - (bytes.length % TS_PACKET_SIZE))
}
/** Streams with one programme whose video is H.264 or HEVC. */
const videos = transportStreams().filter(({ name, programs }) => {
  if (programs.length !== 1) return false
  const [segment] = segmentsOf(wholeOf(name, 0))
  return segment !== undefined
})

const probe = (path: string, ...entries: string[]): string =>
  execFileSync("ffprobe", ["-v", "error", ...entries, "-of", "csv=p=0", path], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  }).toString()

describe.skipIf(!hasMedia)("[media] real streams", () => {
  it.each(videos)(
    "$name: cut and joined again it is the source but for PAT and PMT",
    ({ first_sync, name, programs }) => {
      const source = wholeOf(name, first_sync)
      const tables = new Set([0, ...programs.map(({ pmt_pid }) => pmt_pid)])
      for (const wanted90k of [1, 90_000, 360_000]) {
        const segments = segmentsOf(source, { wanted90k })
        const out = without(joined(segments), tables)
        const all = without(source, tables)
        expect(out.equals(all.subarray(all.length - out.length)), `${name} ${wanted90k}`).toBe(true)
        for (const segment of segments) {
          const bytes = bytesOf(segment)
          expect([pidOf(bytes, 0), tables.has(pidOf(bytes, TS_PACKET_SIZE))]).toEqual([0, true])
          expect(segment.duration90k).toBeGreaterThan(0)
        }
      }
    },
  )

  it("covers what there is", () => expect(videos.length).toBeGreaterThan(20))

  it("row 15: durations are right where the PTS wraps", () => {
    const source = new Uint8Array(Buffer.concat(rollover.map((name) => wholeOf(name, 0))))
    const segments = segmentsOf(source, { wanted90k: 2 * 90_000 })
    const wrapped = segments.findIndex(({ startPts90k }, i) => startPts90k < (segments[i - 1]?.startPts90k ?? 0))
    expect(wrapped).toBeGreaterThan(0)
    expect(segments.filter(({ discontinuity }) => discontinuity)).toEqual([])
    const first = segments[0]?.startPts90k ?? 0
    let at = first
    for (const { duration90k, startPts90k } of segments) {
      expect(startPts90k).toBe(at % 2 ** 33)
      expect(duration90k).toBeLessThan(7 * 90_000)
      at += duration90k
    }
  })

  it("ffprobe reads the playlist, with the source's frames and durations", () => {
    const directory = mkdtempSync(join(tmpdir(), "hls-media-"))
    try {
      for (const name of [
        "kim-company/avsync.ts",
        "shaka/hls-ts-h265_0.ts",
        "kim-company/scte35.ts",
        "shaka/hls-ts-aac_segment_0.ts",
      ]) {
        const source = wholeOf(name, 0)
        const segments = segmentsOf(source, { wanted90k: 2 * 90_000 })
        const listed = segments.map((segment, n) => {
          const file = segmentName(RUN, n)
          writeFileSync(join(directory, file), bytesOf(segment))
          const durationS = segment.duration90k / 90_000
          return { name: file, durationS, programDateTimeMs: RUN, discontinuity: segment.discontinuity, tags: [] }
        })
        const list = join(directory, "index.m3u8")
        const targetDurationS = Math.max(...listed.map(({ durationS }) => Math.ceil(durationS)))
        const playlist = {
          targetDurationS,
          mediaSequence: 0,
          discontinuitySequence: 0,
          independent: true,
          segments: listed,
          ended: true,
        }
        writeFileSync(list, writePlaylist(playlist))
        writeFileSync(join(directory, "source.ts"), source)
        const stream = name.includes("aac") ? "a:0" : "v:0"
        const count = (path: string) =>
          Number.parseInt(
            probe(path, "-count_packets", "-select_streams", stream, "-show_entries", "stream=nb_read_packets"),
            10,
          )
        expect(count(list), name).toBe(count(join(directory, "source.ts")))
        const length = Number(probe(list, "-show_entries", "format=duration").trim())
        const total = listed.reduce((sum, { durationS }) => sum + durationS, 0)
        expect(Math.abs(length - total), `${name}: ${length} s, ${total} s`).toBeLessThan(0.01)
        const real = Number.parseFloat(
          probe(join(directory, "source.ts"), "-select_streams", stream, "-show_entries", "stream=duration"),
        )
        expect(Math.abs(total - real), `${name}: ${total} s of ${real} s`).toBeLessThan(0.3)
        if (listed.length > 2)
          expect(Math.min(...listed.slice(0, -1).map(({ durationS }) => durationS))).toBeGreaterThanOrEqual(1.95)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
