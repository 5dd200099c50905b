// What ffmpeg, a decoder that is not ours, says about the test programme.
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { hasFfmpeg } from "../../test/ffmpeg.ts"
import { drawScene } from "./draw.ts"
import { HEIGHT, LUMA_COLUMNS, Picture, WIDTH } from "./picture.ts"
import { breakAt } from "./schedule.ts"
import { generateTs, type TestProgrammeOptions } from "./test-programme.ts"

if (!hasFfmpeg) process.stderr.write("ffmpeg is not installed: the test source is not checked against a decoder\n")

const run = (
  command: string,
  args: string[],
  input: Uint8Array,
): { stdout: Buffer; stderr: string; status: number | null } => {
  const { stdout, stderr, status } = spawnSync(command, args, { input, maxBuffer: 2 ** 28, timeout: 60_000 })
  return { stdout, stderr: stderr.toString(), status }
}
const decode = (ts: Uint8Array, args: string[]) =>
  run("ffmpeg", ["-v", "error", "-xerror", "-f", "mpegts", "-i", "pipe:0", ...args, "pipe:1"], ts)

describe.skipIf(!hasFfmpeg)("the test programme in ffmpeg", () => {
  it.each<[string, TestProgrammeOptions]>([
    ["the defaults", {}],
    [
      "breaks, filler data and an odd rate",
      { bitrate: 6_543_210, videoBitrate: 4_000_000, breakEverySeconds: 5, breakSeconds: 2 },
    ],
    ["clocks that wrap after 4 s", { startPts90k: 2 ** 33 - 4 * 90_000 }],
  ])("decodes with no error: %s", (_, options) => {
    const { stderr, status, stdout } = decode(generateTs(10, options), ["-map", "0:v", "-map", "0:a", "-f", "null"])
    expect(stderr).toBe("")
    expect(status).toBe(0)
    expect(stdout).toHaveLength(0)
  })

  it("has H.264, AAC and SCTE-35 streams on the documented PIDs, and the label as its name", () => {
    const entries =
      "stream=id,codec_name,profile,width,height,avg_frame_rate,sample_rate,channels:program_tags=service_name"
    const args = ["-v", "error", "-f", "mpegts", "-show_entries", entries, "-of", "json", "pipe:0"]
    const { stdout, stderr } = run("ffprobe", args, generateTs(6, { label: "CHANNEL 7" }))
    expect(stderr).toBe("")
    const { streams, programs } = JSON.parse(stdout.toString())
    expect(streams).toMatchObject([
      {
        id: "0x1e1",
        codec_name: "h264",
        profile: "Constrained Baseline",
        width: 640,
        height: 360,
        avg_frame_rate: "25/1",
      },
      { id: "0x1e2", codec_name: "aac", profile: "LC", sample_rate: "48000", channels: 2 },
      { id: "0x1f4", codec_name: "scte_35" },
    ])
    expect(programs[0].tags.service_name).toBe("CHANNEL 7")
  })

  it("shows the picture that was drawn: bars, clock, block, break card", () => {
    const plan = { everyFrames: 125, frames: 50 }
    const ts = generateTs(7.2, { breakEverySeconds: 5, breakSeconds: 2, label: "LABEL" })
    const every = 6
    const filter = `select='not(mod(n,${every}))'`
    const { stdout, stderr } = decode(ts, [
      "-map",
      "0:v",
      "-vf",
      filter,
      "-vsync",
      "0",
      "-f",
      "rawvideo",
      "-pix_fmt",
      "yuv420p",
    ])
    expect(stderr).toBe("")
    const size = (WIDTH * HEIGHT * 3) / 2
    expect(stdout.length / size).toBeGreaterThanOrEqual(29)
    const picture = new Picture()
    for (let i = 0; (i + 1) * size <= stdout.length; i++) {
      const frame = i * every
      const shown = breakAt(plan, frame)
      drawScene(picture, { frame, label: "LABEL", seed: 0, ...(shown === undefined ? {} : { break: shown }) })
      const plane = stdout.subarray(i * size, (i + 1) * size)
      let worst = 0
      for (let y = 0; y < HEIGHT; y++) {
        for (let x = 0; x < WIDTH; x++) {
          const luma = picture.y[(y >> 2) * LUMA_COLUMNS + (x >> 2)] ?? 0
          worst = Math.max(worst, Math.abs((plane[y * WIDTH + x] ?? 0) - luma))
        }
      }
      // Rounding of the sixteen coefficients moves cells with text and grain by up to 3.
      expect(worst).toBeLessThanOrEqual(3)
      const [cb = 0, cr = 0] = [plane[WIDTH * HEIGHT + 50], plane[(WIDTH * HEIGHT * 5) / 4 + 50]]
      expect(Math.abs(cb - (picture.cb[12] ?? 0))).toBeLessThanOrEqual(1)
      expect(Math.abs(cr - (picture.cr[12] ?? 0))).toBeLessThanOrEqual(1)
    }
  })

  it("sounds as a 1 kHz tone, louder for 100 ms from each full second", () => {
    const { stdout, stderr } = decode(generateTs(4), ["-map", "0:a", "-f", "s16le", "-ac", "1"])
    expect(stderr).toBe("")
    const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1)
    /** Amplitude of the decoded sound at one frequency over `count` samples, by correlation. */
    const amplitude = (from: number, count: number, hertz: number): number => {
      let [sine, cosine] = [0, 0]
      for (let i = from; i < from + count; i++) {
        sine += (samples[i] ?? 0) * Math.sin((2 * Math.PI * hertz * i) / 48_000)
        cosine += (samples[i] ?? 0) * Math.cos((2 * Math.PI * hertz * i) / 48_000)
      }
      return (2 * Math.hypot(sine, cosine)) / count
    }
    for (const second of [1, 2]) {
      expect(amplitude(second * 48_000 + 480, 3840, 1000)).toBeCloseTo(4125, -2)
      expect(amplitude(second * 48_000 + 9600, 24_000, 1000)).toBeCloseTo(412, -1)
      expect(amplitude(second * 48_000 + 9600, 24_000, 1500)).toBeLessThan(5)
    }
  })
})
