/**
 * Imitates an engine that has run for weeks: ring heads, merges and packet counts pass 2^31 or 2^32 while a stream of
 * two merged legs goes out by every kind of output, to real peers. Nothing is missing, and every cue is proven, also by
 * outputs that are 2^31 or 2^32 slots old.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { ProgramReceiver, SrtReceiver, UdpReceiver } from "../../test/e2e/receivers.ts"
import { RtmpTestServer } from "../../test/e2e/rtmp-test-server.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { generateTs } from "../test-source/test-programme.ts"
import type { OutputSpec } from "./protocol/messages.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

/** Number of slots ago that the reader of an output began when it opens, and number of readers that began so. */
const readers = vi.hoisted(() => ({ age: 0, begun: 0 }))
// The path begins at the project's root, because Vitest on Bun does not find a mocked module by a relative one.
vi.mock("/src/engine/ring/ring-reader.ts", async (original) => {
  const actual = await original<typeof import("./ring/ring-reader.ts")>()
  class OldReader extends actual.RingReader {
    constructor(head: number) {
      super((head - readers.age) >>> 0)
      this.cursor = head
      readers.begun += 1
    }
  }
  return { ...actual, RingReader: OldReader }
})

const library = openSrtLibrary({})
/** Time in ms for which srt-live-transmit may stand still before packets come too late for it. */
const LATENCY_MS = 3000
const BITRATE = 3_000_000
/** The stream: 6 s, which are about 1700 slots. */
const ts = Buffer.from(generateTs(6, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 1 }))

/** Reads what goes to a unix socket behind its first line. */
class TapReader {
  readonly #server: Server
  readonly #chunks: Buffer[] = []

  constructor(path: string) {
    this.#server = createServer((socket) => socket.on("data", (chunk) => this.#chunks.push(chunk))).listen(path)
  }

  get all(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  close(): void {
    this.#server.close()
  }
}

let bench: EngineBench
let root: string
const ends: Array<() => unknown> = []
const ending = <A>(thing: A, end: (thing: A) => unknown): A => {
  ends.push(() => end(thing))
  return thing
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "counters-wrap-"))
})
afterEach(async ({ task }) => {
  // Where bytes were lost shows in what the engine received, dropped and sent.
  if (task.result?.state === "fail") console.warn("the engine:", JSON.stringify([bench.channelStats(), bench.log]))
  for (const end of ends.splice(0).reverse()) await end()
  rmSync(root, { recursive: true, force: true })
})

const open = (id: string, url: string, more: Partial<OutputSpec> = {}) =>
  expect(
    bench.ask({ cmd: "open_output", channel_id: "c1", output: { id, label: id, session: `s-${id}`, url, ...more } }),
  ).toMatchObject({
    ok: true,
  })

describe.each([
  ["400 below 2^31", "new", 2 ** 31 - 400, 0],
  ["400 below 2^32", "new", 2 ** 32 - 400, 0],
  ["6000 below 2^32", "600 slots short of 2^31 slots old", 2 ** 32 - 6000, 2 ** 31 - 600],
  ["400 below 2^32", "600 slots short of 2^32 slots old", 2 ** 32 - 400, 2 ** 32 - 600],
])("an engine whose counters start at %s, with outputs that are %s", (_, __, countersFrom, age) => {
  it("carries a merged stream to every kind of output, and proves its cues", async () => {
    Object.assign(readers, { age, begun: 0 })
    bench = ending(await EngineBench.start(library, { countersFrom }), (b) => b.close())
    const [primary, backup, srtPort, listenPort] = [
      await freeUdpPort(),
      await freeUdpPort(),
      await freeUdpPort(),
      await freeUdpPort(),
    ]
    bench.putLegs([
      { name: "primary", ip: "127.0.0.1", port: primary },
      { name: "backup", ip: "127.0.0.1", port: backup },
    ])
    await bench.legSaid("open", 2)

    const [udp, rtp] = [await UdpReceiver.open(), await UdpReceiver.open()].map((receiver) =>
      ending(receiver, (r) => r.close()),
    ) as [UdpReceiver, UdpReceiver]
    const rtmp = ending(await RtmpTestServer.start(), (server) => server.stop())
    const fifo = join(root, "fifo")
    spawnSync("mkfifo", [fifo])
    const pipe = ending(new ProgramReceiver("cat", [fifo]), (program) => program.stop("SIGKILL"))
    const tap = ending(new TapReader(join(root, "tap")), (reader) => reader.close())
    for (const name of ["hls", "file"]) mkdirSync(join(root, name))
    open("udp", `udp://127.0.0.1:${udp.port}`)
    open("rtp", `rtp://127.0.0.1:${rtp.port}`)
    open("rtmp", `rtmp://127.0.0.1:${rtmp.port}/live/key`, { settings: { cue_points: "elemental" } })
    open("rtsp", "rtsp://127.0.0.1:9/none", { pipe: fifo })
    open("file", "file://record", { directory: join(root, "file") })
    open("hls", "hls://live", { directory: join(root, "hls"), settings: { segment_s: 2 } })
    const carrying = ["udp", "rtp", "file"]
    const srt: SrtReceiver[] = []
    if (library.srt !== null) {
      srt.push(ending(await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener`), (r) => r.stop("SIGKILL")))
      open("srt", `srt://127.0.0.1:${srtPort}?mode=caller&latency=${LATENCY_MS}`)
      open("listener", `srt://127.0.0.1:${listenPort}?mode=listener&latency=${LATENCY_MS}`)
      await bench.outputIs("listener", "listening")
      srt.push(ending(await SrtReceiver.open(`srt://127.0.0.1:${listenPort}?mode=caller`), (r) => r.stop("SIGKILL")))
      carrying.push("srt", "listener")
    }
    for (const id of [...carrying, "rtmp", "rtsp"]) await bench.outputIs(id, "connected")
    expect(bench.ask({ cmd: "open_tap", channel_id: "c1", path: join(root, "tap"), token: "token" })).toMatchObject({
      ok: true,
    })
    await eventually("the tap", () => tap.all.length > 0 || null)

    const sequence = Math.floor(countersFrom / 7) & 0xffff
    const timestamp = (countersFrom > 2 ** 31 ? 2 ** 32 : 2 ** 31) - 90_000
    // One sender for both: two of them drift apart on a machine that starves them.
    await sendTs(ts, { port: primary, secondPort: backup, bitrate: BITRATE, ssrc: 1, sequence, timestamp })
    await udp.atLeastBytes(ts.length)
    await rtp.atLeastBytes(ts.length, 12)
    for (const receiver of srt) await receiver.atLeast(ts.length)
    await pipe.atLeast(ts.length)
    await eventually("the tap's bytes", () => tap.all.length >= ts.length + 6 || null)

    expect(bench.all("source").filter(({ kind }) => kind === "merge_on")[0]).toMatchObject({ reason: "rtp" })
    expect(bench.channelStats()).toMatchObject({ merge_lost: 0, merge_mismatches: 0 })
    expect(udp.bytes().equals(ts)).toBe(true)
    expect(rtp.bytes(12).equals(ts)).toBe(true)
    for (const receiver of srt) expect(receiver.bytes().equals(ts)).toBe(true)
    expect(pipe.bytes().equals(ts)).toBe(true)
    expect(tap.all.subarray(6).equals(ts)).toBe(true)
    const sections = bench.all("scte35").map(({ cue }) => cue)
    expect(sections.length).toBeGreaterThan(4)
    await eventually("the proof of all cues", () => {
      const sent = bench.all("cue_sent").filter((fate) => carrying.includes(fate.output_id))
      return sent.length === sections.length * carrying.length || null
    })
    const proven = [...carrying, "hls"]
    expect(bench.all("cue_sent").filter(({ output_id, sent }) => !sent && proven.includes(output_id))).toEqual([])
    expect(readers.begun).toBeGreaterThan(carrying.length)
    // A splice_null has no form in RTMP, and what came before the first picture has no time.
    expect(bench.all("cue_sent").filter(({ output_id, sent }) => sent && output_id === "rtmp").length).toBeGreaterThan(
      0,
    )
    for (const id of [...carrying, "rtsp", "rtmp"]) expect([id, bench.output(id).packets_dropped]).toEqual([id, 0])

    const media = rtmp.publications.flatMap(({ server }) => server.media)
    expect(media.filter(({ typeId }) => typeId === 9).length).toBeGreaterThan(100)
    expect(rtmp.sessions.map(({ problem }) => problem)).toEqual([null])
    // Rates of PIDs go on over the wrap of their counts: they stand in the figures once a second.
    const video = bench
      .all("stats")
      .flatMap(({ stats }) =>
        stats.channels.flatMap(({ legs }) => legs[0]?.pids.find(({ pid }) => pid === 0x100)?.packets ?? []),
      )
    expect(video.every((packets, i) => i === 0 || packets >= (video[i - 1] ?? 0))).toBe(true)

    for (const id of ["file", "hls"]) bench.closeOutput(id)
    const recorded = () =>
      Buffer.concat(
        readdirSync(join(root, "file"))
          .sort()
          .filter((name) => name.endsWith(".ts"))
          .map((name) => readFileSync(join(root, "file", name))),
      )
    await eventually("the recording", () => recorded().length >= ts.length || null)
    expect(recorded().equals(ts)).toBe(true)
    expect(readdirSync(join(root, "hls")).filter((name) => name.endsWith(".ts")).length).toBeGreaterThan(1)
  })
})
