import { describe, expect, it } from "vitest"
import { LEG_COUNTERS, type LegCounter } from "../packet-core/leg-fields.ts"
import { type Health, type HealthFacts, newHealthMemory, observeSecond, type Verdict } from "./verdict.ts"
import { RULES } from "./verdict-rules.ts"

const FACTS: HealthFacts = { receiving: true, problem: null, inSync: true, framing: "rtp" }
type Totals = Partial<Record<LegCounter, number>> & { kernel_drops?: number }

/** Watches a leg of 6650 packets a second; `second` returns what each second adds to the totals. */
const watch = (second: (s: number) => Totals, seconds: number, facts: Partial<HealthFacts> = {}): Health[] => {
  const memory = newHealthMemory()
  const totals: Record<string, number> = { ts_packets: 0 }
  let kernelDrops = 0
  const seen: Health[] = []
  for (let s = 0; s < seconds; s++) {
    totals["ts_packets"] = (totals["ts_packets"] ?? 0) + 6650
    for (const [name, n] of Object.entries(second(s))) {
      if (name === "kernel_drops") kernelDrops += n
      else totals[name] = (totals[name] ?? 0) + n
    }
    seen.push(observeSecond(memory, totals, kernelDrops, { ...FACTS, ...facts }))
  }
  return seen
}
const verdicts = (seen: Health[]): Verdict[] => seen.map(({ verdict }) => verdict)

const PRIORITY_1 = [
  "sync_losses",
  "sync_byte_errors",
  "pat_errors",
  "cc_errors",
  "pmt_errors",
  "rtp_unrecovered",
  "resyncs",
  "kernel_drops",
] as const
const PRIORITY_2 = [
  "tei",
  "crc_errors",
  "pcr_repetition_errors",
  "pcr_discontinuity_errors",
  "pts_errors",
  "cat_errors",
] as const

describe("verdict", () => {
  it("is good, and the same object, while nothing happens", () => {
    const seen = watch(
      () => ({ datagrams: 950, discontinuities: 3, fec_recovered: 2, rtp_reordered: 5, rtp_late: 1, foreign: 9 }),
      30,
    )
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toEqual({ verdict: "good", reasons: [], dropping: null })
  })

  it.each(PRIORITY_1)("%s: degraded for ten seconds when isolated, bad from the third second of ten on", (counter) => {
    const isolated = verdicts(watch((s) => (s === 5 ? { [counter]: 40 } : {}), 20))
    expect(isolated.slice(5, 15)).toEqual(Array(10).fill("degraded"))
    expect([isolated[4], ...isolated.slice(15)]).toEqual(Array(6).fill("good"))
    const going = verdicts(watch((s) => (s >= 5 && s < 9 ? { [counter]: 1 } : {}), 30))
    expect(going.slice(5, 9)).toEqual(["degraded", "degraded", "bad", "bad"])
    // Ten seconds after the second error, two errors are left in the window.
    expect(going.slice(15, 19)).toEqual(["bad", "degraded", "degraded", "good"])
  })

  it("pid_errors, counted once in 5 s: bad with the second", () => {
    expect(verdicts(watch((s) => (s % 5 === 4 ? { pid_errors: 1 } : {}), 10)).slice(3)).toEqual([
      "good",
      "degraded",
      "degraded",
      "degraded",
      "degraded",
      "degraded",
      "bad",
    ])
  })

  it.each(PRIORITY_2)("%s: degraded, however many", (counter) => {
    const seen = watch((s) => (s > 0 ? { [counter]: 25 } : {}), 15)
    expect(verdicts(seen).slice(1)).toEqual(Array(14).fill("degraded"))
    expect(seen[14]?.reasons).toHaveLength(1)
  })

  it("judges every counter of TR 101 290, and each once", () => {
    const judged = RULES.map(({ counter }) => counter)
    expect(judged).toEqual(expect.arrayContaining([...PRIORITY_1, "pid_errors", ...PRIORITY_2]))
    expect(new Set(judged).size).toBe(judged.length)
    expect(new Set(Object.values(LEG_COUNTERS)).size).toBe(Object.values(LEG_COUNTERS).length)
    for (const counter of judged) if (counter !== "kernel_drops") expect(LEG_COUNTERS).toHaveProperty(counter)
  })

  it("does not hold what was counted before the first look, nor a reset, against a leg", () => {
    expect(verdicts(watch((s) => (s === 0 ? { cc_errors: 500 } : s === 3 ? { cc_errors: -500 } : {}), 8))).toEqual(
      Array(8).fill("good"),
    )
  })
})

describe("lost", () => {
  it.each<[string, Partial<HealthFacts>, Totals, RegExp]>([
    ["nothing arrives", { receiving: false }, {}, /^no TS packets have arrived for a second/],
    ["an SRT sender is silent", { receiving: false, srt: { connected: true } }, {}, /connected, and sends none$/],
    [
      "no SRT sender is there",
      { receiving: false, srt: { connected: false } },
      {},
      /^no SRT sender is connected: check/,
    ],
    [
      "an SRT sender cannot be reached",
      { receiving: false, problem: "Connection timed out", srt: { connected: false } },
      {},
      /^no SRT sender is connected: Connection timed out$/,
    ],
    [
      "the socket is closed",
      { problem: "address in use", receiving: false },
      {},
      /^the socket is closed: address in use$/,
    ],
    ["null packets only", {}, { null_packets: 6650 }, /^nothing but null packets arrives.*DROP_PROGRAM/],
  ])("%s", (_name, facts, totals, sentence) => {
    const [last] = watch(() => totals, 3, facts).slice(-1)
    expect(last).toEqual({ verdict: "lost", reasons: [expect.stringMatching(sentence)], dropping: null })
  })

  it("is not what a CBR stream with many null packets is", () => {
    expect(verdicts(watch(() => ({ null_packets: 6000 }), 3))).toEqual(["good", "good", "good"])
  })

  it("is bad, not lost, without sync", () => {
    expect(watch(() => ({}), 2, { inSync: false })[1]).toEqual({
      verdict: "bad",
      reasons: [expect.stringMatching(/^TS sync is lost/)],
      dropping: null,
    })
  })
})

describe("reasons", () => {
  const reasons = (totals: Totals, facts: Partial<HealthFacts> = {}) =>
    watch((s) => (s === 1 ? totals : {}), 4, facts)[3]?.reasons

  it.each<[string, Totals, Partial<HealthFacts>, string[]]>([
    [
      "raw UDP",
      { cc_errors: 3 },
      { framing: "udp" },
      ["3 continuity counter errors in the last 10 s: packets were lost before they reached us"],
    ],
    [
      "RTP without a gap",
      { cc_errors: 1 },
      {},
      [
        "1 continuity counter error in the last 10 s: no RTP packet is missing, so they were lost before the sender put them into RTP",
      ],
    ],
    [
      "RTP with gaps",
      { cc_errors: 8, rtp_unrecovered: 4 },
      {},
      [
        "4 RTP packets lost for good in the last 10 s: the network lost them: send FEC, or give the channel a second leg",
        "8 continuity counter errors in the last 10 s: RTP packets were lost on the way to us",
      ],
    ],
    [
      "late packets",
      { rtp_unrecovered: 4, rtp_late: 3 },
      {},
      [
        "4 RTP packets lost for good in the last 10 s: the network lost them or brought them too late (3 came after their time): raise input.reorder_ms or send FEC",
      ],
    ],
    [
      "late packets where no more may wait",
      { rtp_unrecovered: 4, rtp_late: 3, reorder_full: 2 },
      {},
      [
        "4 RTP packets lost for good in the last 10 s: the network lost them or brought them too late (3 came after their time): no more packets may wait at this bit rate, so send FEC",
      ],
    ],
    [
      "our own buffer",
      { cc_errors: 2, kernel_drops: 2 },
      { framing: "udp" },
      [
        "2 packets dropped by the kernel in the last 10 s: the receive buffer was full: raise input.rcvbuf and net.core.rmem_max, or lower the machine's load",
        "2 continuity counter errors in the last 10 s: this machine did not read its receive buffer in time",
      ],
    ],
    [
      "both priorities, the first first",
      { pts_errors: 1, pat_errors: 2 },
      {},
      [
        expect.stringMatching(/^2 PAT errors in the last 10 s: TR 101 290 1\.3/),
        expect.stringMatching(/^1 PTS error in the last 10 s: TR 101 290 2\.5/),
      ],
    ],
  ])("%s", (_name, totals, facts, sentences) => {
    expect(reasons(totals, facts)).toEqual(sentences)
  })
})

describe("what is dropped comes first", () => {
  /** Watches a leg of 1000 datagrams a second, of which some are dropped from the second second on. */
  const dropping = (drops: Totals, more: Totals = {}, facts: Partial<HealthFacts> = {}, seconds = 6) =>
    watch((s) => (s > 0 ? { datagrams: 1000, ...drops, ...more } : {}), seconds, facts).at(-1)

  it("names it first, and blames nobody else for what came of it", () => {
    // These are the totals that ffmpeg's 1472-byte datagrams once gave.
    const seen = dropping(
      { bad_not_ts: 687, bad_length: 235, bad_rtp: 77 },
      { cc_errors: 50, pat_errors: 2, pmt_errors: 2 },
      { framing: "udp" },
    )
    expect(seen?.verdict).toBe("bad")
    expect(seen?.reasons[0]).toBe(
      "4995 of 5000 datagrams (100 %) of the last 10 s were dropped: they are neither RTP nor MPEG-TS: another program, or another protocol such as SRT or RIST, sends to this port",
    )
    expect(seen?.dropping).toBe(seen?.reasons[0])
    const text = seen?.reasons.join()
    expect(text).toContain("continuity counter errors in the last 10 s: they come of the datagrams that were dropped")
    expect(text).not.toMatch(/lost before they reached us|PatInterval|PmtInterval/)
  })

  it.each<[keyof Totals & string, RegExp, Verdict]>([
    ["bad_not_ts", /neither RTP nor MPEG-TS/, "bad"],
    ["bad_length", /no whole number of TS packets/, "bad"],
    ["bad_sync", /no TS sync byte/, "bad"],
    ["bad_rtp", /RTP header is broken/, "bad"],
    ["truncated", /receive buffer cut them/, "bad"],
    ["foreign", /a second sender sends to this port.*input\.allowed_senders/, "degraded"],
    ["not_allowed", /input\.allowed_senders does not list their sender/, "degraded"],
  ])("%s: nothing at 5 %, told above", (counter, cause, verdict) => {
    expect(dropping({ [counter]: 50 })).toEqual({ verdict: "good", reasons: [], dropping: null })
    const seen = dropping({ [counter]: 51 })
    expect(seen).toEqual({
      verdict,
      reasons: [expect.stringMatching(cause)],
      dropping: expect.stringMatching(/^255 of 5000 datagrams \(5 %\)/),
    })
  })

  it("is bad only when it goes on", () => {
    const seen = watch((s) => ({ datagrams: 1000, bad_length: s === 5 || s === 6 ? 900 : 0 }), 20)
    expect(verdicts(seen).slice(4, 7)).toEqual(["good", "degraded", "degraded"])
    expect(verdicts(seen)[17]).toBe("good")
  })

  it("says so instead of asking whether the encoder runs, where nothing of what arrives can be used", () => {
    const seen = watch(() => ({ datagrams: 100, bad_not_ts: 100 }), 4, { receiving: false, framing: "none" }).at(-1)
    expect(seen?.reasons).toEqual([
      expect.stringMatching(/^no TS packets have arrived for a second: 300 of 300 datagrams \(100 %\)/),
    ])
    expect(seen?.verdict).toBe("lost")
  })

  it("names a broken byte stream before what is missing in it", () => {
    const [first, second] = dropping({}, { resyncs: 3, cc_errors: 9 }, { framing: "udp" })?.reasons ?? []
    expect(first).toMatch(/^15 breaks in the bytes of raw UDP in the last 10 s: datagrams were lost/)
    expect(second).toMatch(/datagrams were lost on the way to us, or bytes between them$/)
  })
})
