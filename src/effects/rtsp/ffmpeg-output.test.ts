import { describe, expect, it } from "vitest"
import { failureIn, KEPT_LINES, LineTail, ProgressReader, shownLines } from "./ffmpeg-output.ts"

describe("progress", () => {
  it("is seen when frames or time advance, however the blocks are cut", () => {
    const reader = new ProgressReader()
    expect(reader.push("frame=0\nfps=0.00\nout_time_us=N/A\nprogress=continue\n")).toBe(false)
    expect(reader.push("fra")).toBe(false)
    expect(reader.push("me=1\nout_time_us=-23000\n")).toBe(true)
    expect(reader.push("frame=1\nprogress=continue\n")).toBe(false)
    expect(reader.push("out_time_us=40000\n")).toBe(true)
  })
  it("never keeps more than a line of garbage", () => {
    const reader = new ProgressReader()
    for (let i = 0; i < 100; i++) reader.push("x".repeat(10_000))
    expect(reader.push("\nframe=7\n")).toBe(true)
  })
})

describe("the tail of standard error", () => {
  it("has whole lines without addresses, the last fifty", () => {
    const tail = new LineTail()
    tail.push("[rtsp @ 0x55d0] method ANN")
    tail.push("OUNCE failed: 401 Unauthorized\r\n\n[mpegts @ 0xab] late")
    expect(tail.lines).toEqual(["method ANNOUNCE failed: 401 Unauthorized"])
    tail.end()
    expect(tail.lines.at(-1)).toBe("late")
    for (let i = 0; i < 200; i++) tail.push(`line ${i}\n`)
    expect([tail.lines.length, tail.lines.at(-1)]).toEqual([KEPT_LINES, "line 199"])
  })
})

it("what a server says reaches no terminal as a command", () => {
  const tail = new LineTail()
  tail.push("method ANNOUNCE failed: 403 \u001b[31mno\u009b2J\n")
  expect(tail.lines).toEqual(["method ANNOUNCE failed: 403 \\u001b[31mno\\u009b2J"])
})

describe("why ffmpeg ended", () => {
  const url = "rtsp://me:s3cret@h:8554/live"
  it.each<[string, string[], string | null]>([
    [
      "refused",
      [
        "Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused",
        "Could not write header for output file #0 (incorrect codec parameters ?): Connection refused",
        "Error initializing output stream 0:1 --",
      ],
      "Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused",
    ],
    [
      "unauthorised",
      ["method ANNOUNCE failed: 401 Unauthorized", "Conversion failed!"],
      "method ANNOUNCE failed: 401 Unauthorized",
    ],
    [
      "while it ran",
      [
        "av_interleaved_write_frame(): Broken pipe",
        "Error writing trailer of rtsp://me:s3cret@h:8554/live: Broken pipe",
      ],
      "Broken pipe",
    ],
    [
      "with the URL in it",
      ["rtsp://me:s3cret@h:8554/live: Unknown error s3cret"],
      "rtsp://me:***@h:8554/live: Unknown error ***",
    ],
    ["without a word", ["Guessed Channel Layout for Input Stream #0.1 : mono"], null],
  ])("%s", (_, lines, reason) => {
    expect(failureIn(lines, url)).toBe(reason)
  })
  it("holds no secret in the log either", () => {
    expect(shownLines(["a s3cret", "rtsp://me:s3cret@h/x"], url)).toBe("a ***\nrtsp://me:***@h/x")
  })
})
