import { describe, expect, it } from "vitest"
import { SRT_OPTIONS } from "./options.ts"
import { packetFilterProblem } from "./packet-filter.ts"
import { FFMPEG_KEYS, LATENCY_KEYS, SRT_TOOL_KEYS, SRT_URL_KEYS, srtUrlKey } from "./url-keys.ts"

describe("SRT_OPTIONS", () => {
  it("has each id once, in order, under its own name", () => {
    const options = Object.entries(SRT_OPTIONS)
    expect(options.every(([name, option]) => name === option.name)).toBe(true)
    const ids = options.map(([, option]) => option.id)
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
    expect(options.every(([, { min, max }]) => min < max)).toBe(true)
  })

  // Values of SRT_SOCKOPT in srt.h, which is an ABI.
  it.each([
    ["LATENCY", 23, "int32"],
    ["PASSPHRASE", 26, "string"],
    ["PBKEYLEN", 27, "int32"],
    ["MAXBW", 16, "int64"],
    ["STREAMID", 46, "string"],
    ["PAYLOADSIZE", 49, "int32"],
    ["LINGER", 7, "linger"],
    ["RENDEZVOUS", 12, "bool"],
    ["RETRANSMITALGO", 61, "int32"],
  ] as const)("%s is %i, %s", (name, id, type) => {
    expect(SRT_OPTIONS[name].id).toBe(id)
    expect(SRT_OPTIONS[name].type).toBe(type)
  })
})

describe("SRT_URL_KEYS", () => {
  it("gives each key one meaning, and every key of a dialect is in the table", () => {
    const keys = SRT_URL_KEYS.flatMap((row) => row.keys)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of [...FFMPEG_KEYS, ...SRT_TOOL_KEYS, ...LATENCY_KEYS]) expect(srtUrlKey(key), key).toBeDefined()
    expect([...FFMPEG_KEYS].filter((key) => SRT_TOOL_KEYS.has(key))).toEqual([])
  })

  it("reaches every option a sender may set", () => {
    // These options are set by the engine, or by mode=.
    const own = ["SNDSYN", "RCVSYN", "SNDTIMEO", "RCVTIMEO", "REUSEADDR", "SENDER", "RENDEZVOUS", "PAYLOADSIZE"]
    const reached = new Set(SRT_URL_KEYS.map((row) => row.use))
    const missing = Object.values(SRT_OPTIONS).filter(
      (o) => o.phase !== "never" && !own.includes(o.name) && !reached.has(o),
    )
    expect(missing.map((o) => o.name)).toEqual([])
  })
})

describe("packetFilterProblem", () => {
  it.each([
    "fec,cols:10",
    "fec,cols:10,rows:5",
    "fec,cols:10,rows:-5",
    "fec,cols:10,rows:1,layout:even,arq:never",
    "fec,arq:onreq,cols:2",
  ])("%s is good", (filter) => expect(packetFilterProblem(filter)).toBeNull())
  it.each([
    "",
    "fec",
    "x",
    "fec,rows:5",
    "fec,cols:",
    "fec,cols:1",
    "fec,cols:129",
    "fec,cols:10,rows:0",
    "fec,cols:10,cols:11",
    "fec,cols:10,a:b",
    "fec,cols:1:2",
  ])("%j is refused", (filter) => expect(packetFilterProblem(filter)).toMatch(/must be like fec/))
})
