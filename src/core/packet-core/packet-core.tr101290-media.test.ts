/** Compares the checks and measurements with what TSDuck and the manifest say about the same files. */
import { describe, expect, it } from "vitest"
import { choose, feedBatch } from "../../../test/feed-core.ts"
import { type CoreBuild, coreBuilds, loadCores } from "../../../test/load-core.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import * as L from "../assembly/memory/layout.ts"
import { buildPacket, PCR_MODULUS, parsePacket, TS_PACKET_SIZE } from "../ts/packet.ts"
import type { LegCounter } from "./leg-fields.ts"
import { NO_ERRORS } from "./testing/count-checks.ts"

const cores = await loadCores()
const START_US = 1_000_000

const text = (name: string) => Buffer.from(readMedia(name)).toString()
const packetsOf = (name: string): Uint8Array[] => {
  const bytes = readMedia(name)
  return Array.from({ length: Math.floor(bytes.length / TS_PACKET_SIZE) }, (_, i) =>
    bytes.subarray(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE),
  )
}

interface Seen {
  readonly counts: (name: LegCounter) => number
  readonly field: (name: number) => number
}

describe.skipIf(!hasMedia).each(coreBuilds)("[media] TR 101 290 of real streams (%s)", (build: CoreBuild) => {
  const core = cores[build]
  const seen: Seen = { counts: (name) => core.legSnapshot(0)[name], field: (name) => core.legField(0, name) }

  /** Feeds packets one to a datagram, so that the file takes `seconds`; `look` is called after each packet. */
  const feedEach = (packets: ReadonlyArray<Uint8Array>, seconds: number, look: (index: number) => void = () => {}) => {
    core.resetLeg(0)
    choose(core, 0)
    for (const [i, bytes] of packets.entries()) {
      const rx_us = START_US + Math.round((i * seconds * 1e6) / packets.length)
      feedBatch(core, [{ bytes, rx_us, ipv4: 1, port: 1 }], 0)
      if (i % 64 === 0) core.tick(rx_us)
      look(i)
    }
    core.tick(START_US + seconds * 1e6 + 100_000)
    core.takeEvents()
    return seen
  }

  /** Indices of the packets after which a counter had risen. */
  const risesOf = (packets: ReadonlyArray<Uint8Array>, name: LegCounter) => {
    const rises: number[] = []
    let before = 0
    feedEach(packets, 1, (i) => {
      const now = seen.counts(name)
      if (now > before) rises.push(i)
      before = now
    })
    return rises
  }

  it("finds the continuity errors of test-024 in the packets that TSDuck names", () => {
    const named = [...text("tsduck/reference/test-024.tsp.3.log").matchAll(/"index": (\d+)/g)].map(([, index]) =>
      Number(index),
    )
    expect(risesOf(packetsOf("tsduck/test-024.ts"), "cc_errors")).toEqual(named)
    expect(risesOf(packetsOf("tsduck/reference/test-024.out.ts"), "cc_errors")).toEqual([])
  })

  it("finds the first bad sync byte of test-142 where TSDuck lost synchronization", () => {
    const after = Number(/after (\d+) packets/.exec(text("tsduck/reference/test-142.log"))?.[1])
    // A datagram without any sync byte, here each with a single packet, is not taken at all.
    expect(risesOf(packetsOf("tsduck/test-142.ts"), "bad_sync")[0]).toBe(after)
  })

  it("counts test-181 and test-030 as the manifest does, and finds all 35 CATs of test-030", () => {
    expect(feedEach(packetsOf("tsduck/test-181.ts"), 1).counts("tei")).toBe(5)
    const { counts } = feedEach(packetsOf("tsduck/test-030.ts"), 1)
    expect(text("tsduck/reference/test-030.analyze.out.txt")).toMatch(/PID: 0x0001[\s\S]*?Packets: \.+ 35 /)
    expect([counts("tei"), counts("cc_errors"), counts("cat_errors")]).toEqual([9, 12, 0])
    expect(core.pidCount(0, 1)).toBe(35)
  })

  it("misses the PIDs of test-151 that its PMT names and TSDuck found no packet of", () => {
    const { counts } = feedEach(packetsOf("tsduck/test-151.ts"), 7)
    const report = text("tsduck/reference/test-151.eac3.atsc.analyze.txt")
    for (const [pid, packets] of [
      [0, 469],
      [0x103, 661],
      [0x1000, 469],
    ] as const) {
      const name = pid.toString(16).toUpperCase().padStart(4, "0")
      expect(Number(new RegExp(`PID: 0x${name}[\\s\\S]*?Packets: \\.+ (\\d+) `).exec(report)?.[1])).toBe(packets)
      expect(core.pidCount(0, pid)).toBe(packets)
    }
    // Four PIDs have been missing for 5 s: 0x100 (video and PCR), 0x101, 0x102 and 0x104.
    expect(counts("pid_errors")).toBe(4)
    expect(counts("pts_errors")).toBe(0)
  })

  it("misses the sound that mux.js' PMT names, twice in 10.2 s", () => {
    expect(feedEach(packetsOf("mux.js/test-no-audio-segment.ts"), 10.2).counts("pid_errors")).toBe(2)
    expect(feedEach(packetsOf("mux.js/test-segment.ts"), 10.2).counts("pid_errors")).toBe(0)
  })

  /** PCRs as the core tells them: packet index and ticks. */
  const pcrsOf = (packets: ReadonlyArray<Uint8Array>, seconds: number) => {
    const pcrs: Array<{ index: number; ticks: number }> = []
    const bitrates: number[] = []
    let before = 0
    feedEach(packets, seconds, (index) => {
      if (seen.counts("pcrs") > before) {
        pcrs.push({ index, ticks: seen.field(L.LEG_PCR_27M) })
        bitrates.push(seen.field(L.LEG_PCR_BITRATE))
      }
      before = seen.counts("pcrs")
    })
    return { pcrs, bitrates }
  }

  it("reads every PCR of test-064 as TSDuck's pcrverify does, and its jitter comes out the same", () => {
    const { pcrs } = pcrsOf(packetsOf("tsduck/test-064.ts"), 10)
    const [, ...rows] = text("tsduck/reference/test-064.pcr.csv").trim().split("\n")
    const listed = rows.map((row) => row.split(",")).filter(([, , , type]) => type === "PCR")
    expect(pcrs).toEqual(listed.map(([, index, , , , value]) => ({ index: Number(index), ticks: Number(value) })))

    const log = [
      ...text("tsduck/reference/test-064.tsp.log").matchAll(
        /jitter: (-[\d,]+) = [\d,]+ micro-seconds = (\d+) packets \+ (\d+) bytes/g,
      ),
    ]
    const jitters = log.map(([, ticks = ""]) => Number(ticks.replaceAll(",", "")))
    // The first line gives the bit rate that pcrverify used.
    const [, , whole, rest] = log[0] ?? []
    const bitrate = ((Number(whole) * 188 + Number(rest)) * 8 * 27e6) / -(jitters[0] ?? 0)
    const steps = pcrs
      .slice(1)
      .map(({ index, ticks }, i) => ({ packets: index - (pcrs[i]?.index ?? 0), ticks: ticks - (pcrs[i]?.ticks ?? 0) }))
    const found = steps
      .map(({ packets, ticks }) => ticks - (packets * 1504 * 27e6) / bitrate)
      .filter((jitter) => Math.abs(jitter) > 2_700_000)
    expect(found).toHaveLength(jitters.length)
    for (const [i, jitter] of found.entries()) expect(Math.abs(jitter - (jitters[i] ?? 0))).toBeLessThan(100)
  })

  // PAT and PMT come first, since some files have them late. One PCR more comes at the end, because the core tells a
  // bit rate with the next PCR.
  it.each<[string, string, number]>([
    ["tsduck/test-072.ts", "tsduck/reference/test-072.tsanalyze.full.txt", 11.96],
    ["tsduck/test-146.ts", "tsduck/reference/test-146.1.log", 0.207],
  ])("%s: the mean bit rate between PCRs is TSDuck's", (name, report, seconds) => {
    const packets = packetsOf(name)
    const pids = packets.map((packet) => parsePacket(packet))
    const pcrPid = pids.find((packet) => packet?.adaptation?.pcr != null)?.pid ?? 0
    const last = pids.findLast((packet) => packet?.adaptation?.pcr != null)?.adaptation?.pcr ?? 0
    const tables = packets.filter((_, i) => [0, 0x63, 0x7db].includes(pids[i]?.pid ?? -1)).slice(0, 2)
    const end = buildPacket({ pid: pcrPid, continuity_counter: 0, pcr: last + 27_000_000 / 25 })
    const { bitrates } = pcrsOf([...tables, ...packets, end], seconds)
    const measured = bitrates.filter((bitrate) => bitrate > 0)
    const mean = measured.reduce((sum, bitrate) => sum + bitrate, 0) / measured.length
    const expected = Number(/Estimated based on PCR's: \.+ ([\d,]+) b\/s/.exec(text(report))?.[1]?.replaceAll(",", ""))
    expect(Math.abs(mean - expected)).toBeLessThan(1)
  })

  it("measures test-072, whose PMT denies its PCRs, and finds what TSDuck found: video on 0x65, no leap of PCR or PTS", () => {
    const { pcrs } = pcrsOf(packetsOf("tsduck/test-072.ts"), 11.96)
    const pid = /pid:pid=101:.*/.exec(text("tsduck/reference/test-072.tsanalyze.norm.txt"))?.[0] ?? ""
    const fact = (name: string) => Number(new RegExp(`:${name}=(\\d+)`).exec(pid)?.[1])
    expect(pcrs).toHaveLength(fact("pcr"))
    expect([pcrs[0]?.ticks, pcrs.at(-1)?.ticks]).toEqual([fact("firstpcr"), fact("lastpcr")])
    expect([fact("pcrleap"), fact("ptsleap"), fact("discontinuities")]).toEqual([0, 0, 0])
    expect([seen.field(L.LEG_VIDEO_PID), seen.field(L.LEG_PCR_PID)]).toEqual([0x65, 0x65])
    // PAT and PMT come once in 12 s.
    expect(core.legSnapshot(0)).toMatchObject({ ...NO_ERRORS, pat_errors: 23, pmt_errors: 23 })
    expect(seen.field(L.LEG_PCR_JITTER_US)).toBeGreaterThan(0)
  })

  const pcrFacts = hasMedia
    ? [...text("MANIFEST.md").matchAll(/^\| (\S+\.ts) \|.*; PCR (0x[0-9a-f]+) n=(\d+) ([\d.]+)\.\.([\d.]+)s(.*)$/gm)]
        .filter(([, name = "", , , , , rest = ""]) => !/test-14[24]/.test(name) && !rest.includes("; PCR 0x"))
        .map(
          ([, name = "", pid = "", n = "", first = "", last = "", rest = ""]) =>
            [name, Number(pid), Number(n), Number(first), Number(last), /WRAP.*PCR pid/.test(rest)] as const,
        )
    : []

  it("has the facts of the manifest", () => {
    expect(pcrFacts.length).toBeGreaterThan(20)
    expect(pcrFacts.filter(([, , , , , wraps]) => wraps)).toHaveLength(2)
  })

  it.each(pcrFacts)(
    "%s: PCRs on %i, %i of them from %f to %f s, as the manifest says",
    (name, pid, n, first, last, wraps) => {
      const seconds = last - first + (wraps ? PCR_MODULUS / 27e6 : 0) || 1
      const { pcrs } = pcrsOf(packetsOf(name), seconds)
      expect(pcrs).toHaveLength(n)
      expect(seen.field(L.LEG_PCR_PID)).toBe(pid)
      expect(Math.abs((pcrs[0]?.ticks ?? 0) / 27e6 - first)).toBeLessThanOrEqual(0.0051)
      expect(Math.abs((pcrs.at(-1)?.ticks ?? 0) / 27e6 - last)).toBeLessThanOrEqual(0.0051)
      // A wrap is no fault.
      if (wraps) expect(seen.counts("pcr_discontinuity_errors")).toBe(0)
    },
  )
})
