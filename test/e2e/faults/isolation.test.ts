/**
 * One engine, one run: each attack hits a channel of its own, all at the same time, while the sink of a sibling counts
 * every packet. Another attack is another line of `ATTACKS`.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createUdpSink } from "../../../load-tests/lib/udp-sink.ts"
import { block } from "../../../src/core/es/testing/pictures.ts"
import { inter, key, source, VIDEO_ONLY } from "../../../src/core/flv/testing/source.ts"
import { recordingName } from "../../../src/core/recording/file-names.ts"
import { policyOf } from "../../../src/effects/config/input-policy.ts"
import type { ChannelStats, EngineStats, OutputSpec, OutputStats } from "../../../src/engine/protocol/messages.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineProcess } from "../engine-process.ts"
import { floodSrt } from "../flood-srt.ts"
import { HostileRtmp, RTMP_FLOODS } from "../hostile-rtmp.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { COLLECTS_GARBAGE, residentAtRest, residentWithin } from "../resident-memory.ts"
import { RtmpTestServer } from "../rtmp-test-server.ts"
import { sendTs } from "../send-ts.ts"
import { startSource } from "../source.ts"

const SIBLING_BITRATE = 2_000_000
/** Malformed handshakes in the first round, which warms everything up, and in the second one, which is measured. */
const HANDSHAKES = { 1: 15_000, 2: 150_000 } as const
type Round = keyof typeof HANDSHAKES
/** What the engine may hold more behind the second round than before it. */
const GROWTH_MAX = 1.1

let engine: EngineProcess
let root: string

const removeChannel = (id: string) => engine.ask({ cmd: "remove_channel", channel_id: id })
const putChannel = async (id: string): Promise<number> => {
  const port = await freeUdpPort()
  const legs = [{ name: "primary" as const, ip: "127.0.0.1", port }]
  const opened = engine.all("leg").filter((event) => event.kind === "open" && event.channel_id === id).length
  await engine.ask({ cmd: "put_channel", channel: { id, label: id, legs, policy: policyOf({}) } })
  await eventually(`channel ${id} listens`, () =>
    engine.all("leg").filter((event) => event.kind === "open" && event.channel_id === id).length > opened ? true : null,
  )
  return port
}
const open = (channel: string, output: Partial<OutputSpec> & { readonly url: string }) =>
  engine.ask({
    cmd: "open_output",
    channel_id: channel,
    output: { id: channel, label: channel, session: `s-${channel}`, ...output },
  })
const statsOf = async (): Promise<EngineStats> => {
  const reply = await engine.ask({ cmd: "state" }, 30_000)
  if (!reply.ok || reply.stats === undefined)
    throw new Error(`the engine does not tell its state: ${JSON.stringify(reply)}`)
  return reply.stats
}
const channelOf = (stats: EngineStats, id: string): ChannelStats => {
  const channel = stats.channels.find((one) => one.id === id)
  if (channel === undefined) throw new Error(`the engine has no channel ${id}`)
  return channel
}
const outputOf = async (channel: string): Promise<OutputStats | undefined> =>
  channelOf(await statsOf(), channel).outputs[0]

/** Now, and not in a round before. */
const isState = (channel: string, state: OutputStats["state"]) =>
  eventually(`the output of channel ${channel} is ${state}`, async () =>
    (await outputOf(channel))?.state === state ? true : null,
  )

interface Attack {
  readonly name: string
  /** Why it cannot be made on this machine, or null. */
  readonly skip: string | null
  /** Makes it, and looks whether what it hit ended or went on as it should. */
  readonly run: (round: Round) => Promise<void>
}

/** 18 MB on an H.264 PID without a start code: more than an RTMP message may hold. */
const garbageVideo = async (): Promise<void> => {
  const server = await RtmpTestServer.start()
  const media = () => server.publications[0]?.server.media ?? []
  const port = await putChannel("garbage")
  await open("garbage", { url: `rtmp://127.0.0.1:${server.port}/live/key` })
  await isState("garbage", "connected")
  const stream = source(VIDEO_ONLY)
  let frame = 0
  const next = () => 900_000 + 3600 * frame++
  for (let i = 0; i < 50; i++) stream.picture(i % 25 === 0 ? key() : inter(), next())
  const junk = block(100_000)
  for (let i = 0; i < 180; i++) stream.picture(junk, next())
  for (let i = 0; i < 75; i++) stream.picture(i % 25 === 0 ? key() : inter(), next())
  await sendTs(stream.bytes, { port, bitrate: 25e6 })
  // The pictures behind it arrive again, on the connection of before: of 50 and 75 all but those at the edges.
  const pictures = () => media().filter(({ typeId }) => typeId === 9).length
  await eventually("pictures arrive again", () => (pictures() >= 115 ? true : null), 20_000)
  expect(server.sessions).toHaveLength(1)
  expect(server.sessions[0]?.problem).toBeNull()
  const output = await outputOf("garbage")
  expect(output?.state).toBe("connected")
  expect(output?.warnings.join("\n")).toMatch(/found no end within 8 MiB/)
  await removeChannel("garbage")
  server.stop()
}

const throwingSession = async (round: Round): Promise<void> => {
  const target = await freeUdpPort()
  const port = await putChannel("thrower")
  for (let n = 1; n <= 3; n++) {
    await open("thrower", { url: `udp://127.0.0.1:${target}`, session: `s-${round}-${n}` })
    const ended = await eventually(
      "the session ended",
      () =>
        engine.all("output_state").find(({ session, state }) => session === `s-${round}-${n}` && state === "ended") ??
        null,
    )
    expect(ended.reason).toMatchObject({
      code: "internal",
      transient: true,
      message: expect.stringContaining("thrown in flush"),
    })
  }
  // The input is not touched by it.
  await sendTs(numberedTs(70), { port })
  await eventually("its packets arrive", async () =>
    (channelOf(await statsOf(), "thrower").legs[0]?.counters["datagrams"] ?? 0) >= 10 ? true : null,
  )
  await removeChannel("thrower")
}

const canMount = (): string | null => {
  const at = mkdtempSync(join(tmpdir(), "tmpfs-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", at], { stdio: "pipe" })
    execFileSync("umount", [at])
    return null
  } catch {
    return "a tmpfs cannot be mounted here"
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

/** A recording onto 2 MB that are full of what is due to go, which it fills again itself. */
const fullDisk = async (round: Round): Promise<void> => {
  const directory = join(root, `disk-${round}`)
  mkdirSync(directory)
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", directory])
  try {
    for (let i = 0; i < 8; i++) {
      const ms = Date.now() - (100 - i) * 3_600_000
      const path = join(directory, recordingName(ms))
      try {
        writeFileSync(path, new Uint8Array(300_000))
      } catch {
        // Full.
      }
      utimesSync(path, ms / 1000, ms / 1000)
    }
    expect(statfsSync(directory).bavail).toBe(0)
    const port = await putChannel("disk")
    const record = (session: string) =>
      open("disk", {
        url: "file://record",
        directory,
        session,
        settings: { keep_hours: 24, keep_gb: 0.001, segment_mb: 0.3 },
      })
    const isIn = (session: string, state: string) =>
      eventually(
        `the recording ${session} is ${state}`,
        () => engine.all("output_state").find((one) => one.session === session && one.state === state) ?? null,
      )
    await record(`d-${round}-1`)
    await isIn(`d-${round}-1`, "connected")
    await sendTs(numberedTs(30_000), { port, bitrate: 20e6 })
    expect((await isIn(`d-${round}-1`, "ended")).reason).toMatchObject({ code: "ENOSPC", transient: true })
    await record(`d-${round}-2`)
    await isIn(`d-${round}-2`, "connected")
    const before = readdirSync(directory).length
    await sendTs(numberedTs(1000), { port, bitrate: 4e6 })
    await eventually("it records", async () => (((await outputOf("disk"))?.bytes_sent ?? 0) > 100_000 ? true : null))
    expect(readdirSync(directory).length).toBeGreaterThanOrEqual(before)
    await removeChannel("disk")
  } finally {
    execFileSync("umount", ["-l", directory])
  }
}

/** At an SRT listener whose own receiver is served all the while. */
const malformedHandshakes = async (round: Round): Promise<void> => {
  const listener = await freeUdpPort()
  await putChannel("handshakes")
  await open("handshakes", { url: `srt://127.0.0.1:${listener}?mode=listener` })
  await isState("handshakes", "listening")
  expect(await floodSrt(listener, HANDSHAKES[round], 5000, "malformed")).toBe(HANDSHAKES[round])
  await removeChannel("handshakes")
}

/** Servers that answer with floods of every kind; each is left for what it does. */
const hostileRtmp = async (round: Round): Promise<void> => {
  await putChannel("hostile")
  for (const kind of Object.keys(RTMP_FLOODS) as Array<keyof typeof RTMP_FLOODS>) {
    const server = await HostileRtmp.start(kind)
    for (let n = 0; n < 10; n++) {
      const session = `rtmp-${round}-${kind}-${n}`
      await open("hostile", { url: `rtmp://127.0.0.1:${server.port}/live/key`, session })
      const ended = await eventually(
        `${session} ended`,
        () => engine.all("output_state").find((one) => one.session === session && one.state === "ended") ?? null,
        30_000,
      )
      expect(ended.reason?.code).toMatch(/^(?:rtmp_|econnreset$|epipe$)/)
    }
    server.close()
  }
  await removeChannel("hostile")
}

const hasSrt = openSrtLibrary({}).srt !== null
const ATTACKS: ReadonlyArray<Attack> = [
  { name: "a video PID without start codes", skip: null, run: garbageVideo },
  { name: "exceptions in a session, a timer and a promise", skip: null, run: throwingSession },
  { name: "a full disk", skip: canMount(), run: fullDisk },
  { name: "malformed SRT handshakes", skip: hasSrt ? null : "libsrt is missing", run: malformedHandshakes },
  { name: "hostile RTMP servers", skip: null, run: hostileRtmp },
]

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "isolation-"))
  engine = await EngineProcess.start({ preload: [join(import.meta.dirname, "throwing-session.ts"), COLLECTS_GARBAGE] })
})
afterAll(async () => {
  await engine.dispose()
  rmSync(root, { recursive: true, force: true })
})

it("what hits one channel costs its sibling not one packet, and the engine is the one of before", async (context) => {
  for (const { name, skip } of ATTACKS) if (skip !== null) await context.annotate?.(`left out: ${name}: ${skip}`)
  const sink = createUdpSink({ port: 0 })
  const port = await putChannel("sibling")
  await open("sibling", { url: `udp://127.0.0.1:${sink.port}` })
  await isState("sibling", "connected")
  // In a process of its own: what the attacks cost this one must not shake the stream.
  const sender = await startSource({ port, bitrate: SIBLING_BITRATE })
  await sink.until(({ received }) => received > 100, 20_000)
  const attack = async (round: Round) => {
    const outcomes = await Promise.allSettled(ATTACKS.filter(({ skip }) => skip === null).map(({ run }) => run(round)))
    expect(outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []))).toEqual([])
    return residentAtRest(engine.pid)
  }
  const before = await attack(1)
  const behind = await attack(2)
  const sent = await sender.stop()
  await sink.until(({ messages }) => messages >= sent, 15_000).catch(() => {})
  expect(sink.stats()).toMatchObject({
    messages: sent,
    lost: 0,
    duplicated: 0,
    out_of_order: 0,
    corrupt: 0,
    cc_errors: 0,
    kernel_drops: 0,
  })
  const after = await statsOf()
  expect(engine.alive).toBe(true)
  const figures = channelOf(after, "sibling").outputs[0]
  expect(figures).toMatchObject({ state: "connected", packets_dropped: 0, send_errors: 0 })
  // Three sessions a round, each with a timer and a promise of its own.
  expect({ output: after.output_faults, engine: after.engine_faults }).toEqual({ output: 6, engine: 12 })
  expect(engine.log).toMatch(/internal error: output thrower of channel thrower: .*thrown in flush/)
  expect(engine.log).toMatch(/thrown in a timer/)
  expect(engine.log).toMatch(/rejected, and nobody waits/)
  const most = before * GROWTH_MAX
  expect(
    await residentWithin(engine.pid, most),
    `KiB resident, ${behind} at rest, ${before} before`,
  ).toBeLessThanOrEqual(most)
  sink.close()
})
