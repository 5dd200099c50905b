import { describe, expect, it } from "vitest"

interface Stream {
  readonly stream_type: number
  readonly registration: string | null
}
interface Plan {
  readonly problem?: string
  readonly hasAudio?: boolean
  readonly note?: string
}
// A module for browsers: plain JavaScript without types.
const script: string = "./preview.js"
const { planOf } = (await import(script)) as {
  planOf: (streams: ReadonlyArray<Stream>, plays: (type: string) => boolean) => Plan
}

const of = (...types: ReadonlyArray<number | readonly [number, string]>): ReadonlyArray<Stream> =>
  types.map((type) =>
    typeof type === "number"
      ? { stream_type: type, registration: null }
      : { stream_type: type[0], registration: type[1] },
  )

describe("planOf", () => {
  it.each([
    ["H.264 and AAC", of(0x86, 0x1b, 0x0f), { hasAudio: true, note: "" }],
    ["H.264 alone", of(0x1b), { hasAudio: false, note: "without sound" }],
    ["MP2", of(0x1b, 0x03), { hasAudio: false, note: "without sound: it is MPEG audio" }],
    ["AC-3 as ATSC has it", of(0x1b, 0x81), { hasAudio: false, note: "without sound: it is AC-3" }],
    ["AC-3 by its registration", of(0x1b, [0x06, "AC-3"]), { hasAudio: false, note: "without sound: it is AC-3" }],
    ["HEVC where it is played", of(0x24, 0x0f), { hasAudio: true, note: "" }],
    ["no video", of(0x0f), { problem: "the stream has no video that is known here" }],
    ["MPEG-2", of(0x02, 0x0f), { problem: "the video is MPEG-2, which this browser does not play" }],
  ] as const)("of %s", (_, streams, plan) => {
    expect(planOf(streams, () => true)).toEqual(plan)
  })

  it("says that the browser does not play HEVC", () => {
    expect(planOf(of(0x24), () => false)).toEqual({
      problem: "the video is HEVC (H.265), which this browser does not play",
    })
  })
})
