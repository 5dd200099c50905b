/** SRT as an input, with real senders in both roles: what goes out is byte for byte what went in. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { hasMedia, readMedia, transportStreams } from "../media.ts"
import { EngineProcess } from "./engine-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { type SrtProgram, SrtSender } from "./srt-senders.ts"

/** Bytes of a message. */
const MESSAGE = 1316

/** What ffmpeg is given before anybody is there; srt-live-transmit would drop it. */
const leadOf = (program: SrtProgram) => (program === "ffmpeg" ? MESSAGE : 0)

/** Which messages of the stream did not come out, at their places behind its beginning. */
const missingOf = (out: Buffer, from: number, ts: Uint8Array): string => {
  const places = Array.from({ length: ts.length / MESSAGE }, (_, i) => i)
  const messageOf = (bytes: Uint8Array, i: number) => Buffer.from(bytes.subarray(i * MESSAGE, (i + 1) * MESSAGE))
  const behind = out.subarray(Math.max(0, from))
  const missing = places.filter((i) => !messageOf(behind, i).equals(messageOf(ts, i)))
  return `${missing.length} of ${places.length} messages are not at their places, from ${missing[0]} on`
}

type Role = "caller" | "listener"

/** Time in ms for which either side may stand still before packets come too late: of short streams, and of long ones. */
const LATENCY_MS = 1500
const LONG_LATENCY_MS = 5000

describe.skipIf(openSrtLibrary({}).srt === null)("SRT inputs", () => {
  let engine: EngineProcess
  const closers: Array<() => unknown> = []

  beforeAll(async () => {
    engine = await EngineProcess.start()
  })
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
    await engine.ask({ cmd: "remove_channel", channel_id: "c1" })
    engine.forget()
  })
  afterAll(() => engine.dispose())

  /** Opens a channel whose leg has the other role of a sender, and both outputs that bytes are compared at. */
  const feed = async (
    ts: Uint8Array,
    program: SrtProgram,
    role: Role,
    { ours = "", theirs = "", latency = LATENCY_MS } = {},
  ) => {
    const lead = leadOf(program)
    const port = await freeUdpPort()
    const target = `srt://127.0.0.1:${port}?transtype=live&mode=${role}`
    // ffmpeg counts in microseconds.
    const sender = () =>
      SrtSender.open(program, `${target}&latency=${program === "ffmpeg" ? latency * 1000 : latency}${theirs}`, {
        first: ts.subarray(0, lead),
        listenPort: role === "listener" ? port : null,
      })
    const leg = {
      port,
      url: `srt://127.0.0.1:${port}?mode=${role === "caller" ? "listener" : "caller"}&latency=${latency}${ours}`,
    }
    const udp = await UdpReceiver.open()
    const srtPort = await freeUdpPort()
    const srt = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener&latency=${latency}`)
    let started = role === "listener" ? await sender() : null
    await engine.putLegs([{ name: "primary", ip: "127.0.0.1", ...leg }])
    await engine.connect(`udp://127.0.0.1:${udp.port}`, "udp")
    await engine.connect(`srt://127.0.0.1:${srtPort}?latency=${latency}`, "srt")
    if (started === null) {
      await engine.legSaid("open")
      started = await sender()
    }
    const near = started
    closers.push(
      () => near.stop(),
      () => udp.close(),
      () => srt.stop(),
    )
    await engine.legSaid("connected", 1, 20_000)
    // What ffmpeg was given at first has gone out when it is connected.
    if (lead === 0) await near.warmUp(() => udp.size > 0 && srt.size > 0)
    return { ts, lead, near, udp, srt }
  }

  const passes = async ({ ts, lead, near, udp, srt }: Awaited<ReturnType<typeof feed>>, bitrate = 10e6) => {
    await near.send(ts.subarray(lead), bitrate)
    for (const [name, receiver] of [
      ["UDP", udp],
      ["SRT", srt],
    ] as const) {
      /** Where the stream begins, behind null packets. */
      const beginning = () => receiver.bytes().indexOf(ts.subarray(0, MESSAGE))
      const whole = () => receiver.size >= ts.length && beginning() >= 0 && receiver.size - beginning() >= ts.length
      await eventually(
        () => `${ts.length} bytes by ${name} (have ${receiver.size})`,
        () => whole() || null,
        45_000,
      ).catch(async (cause) => {
        const beganAt = `the stream begins at ${beginning()}, and ${missingOf(receiver.bytes(), beginning(), ts)}`
        throw new Error(`${cause}; ${beganAt}; ${near.errors} ${JSON.stringify(await engine.leg())}`)
      })
      const [bytes, from] = [receiver.bytes(), beginning()]
      expect([name, bytes.subarray(from, from + ts.length).equals(ts)]).toEqual([name, true])
    }
  }

  const KEY = "&passphrase=correct-horse-battery&pbkeylen="
  const ID = "&streamid=%23!::r=live/one,m="
  const programs: ReadonlyArray<SrtProgram> = ["srt-live-transmit", "ffmpeg"]
  const roles: ReadonlyArray<Role> = ["caller", "listener"]

  describe.each(programs.flatMap((program) => roles.map((role) => [program, role] as const)))(
    "%s as a %s",
    (program, role) => {
      // The senders take the id as it is written: one form here, another there.
      const ids = role === "caller" ? [`${ID}publish`, "&streamid=publish:live/one"] : [`${ID}request`, ""]
      it.each([
        ["plain", "", ""],
        ["AES-128", `${KEY}16`, `${KEY}16`],
        ["AES-256", `${KEY}32`, `${KEY}32`],
        ["with a stream id", ids[0] ?? "", ids[1] ?? ""],
      ])("%s: every byte comes out by UDP and SRT", async (_, ours, theirs) => {
        await passes(await feed(generateTs(1, { bitrate: 5_000_000 }), program, role, { ours, theirs }))
        const { srt, framing, problem } = await engine.leg()
        expect({ framing, problem }).toEqual({ framing: "srt", problem: null })
        expect(srt).toMatchObject({ state: "connected", connections: 1, refused: 0, last_error: null })
        expect(srt?.figures).toMatchObject({ latency_ms: LATENCY_MS, packets_dropped: 0, packets_undecrypted: 0 })
        expect(srt?.figures?.km_state).toBe(ours.startsWith(KEY) ? 2 : 0)
      })
    },
  )

  /** Stops a process with all its threads for `forMs`, `inMs` from now. */
  const stop = (pid: number | undefined, inMs: number, forMs: number) => {
    const say = (signal: NodeJS.Signals) => process.kill(pid ?? -1, signal)
    const timers = [setTimeout(say, inMs, "SIGSTOP"), setTimeout(say, inMs + forMs, "SIGCONT")]
    closers.push(() => {
      for (const timer of timers) clearTimeout(timer)
    })
  }

  it("nothing is lost at 20 Mbit/s when the sender, and then the engine, stands still for 1.6 s", async () => {
    const latency = 3000
    const ts = generateTs(3, { bitrate: 20_000_000 })
    const fed = await feed(ts, "srt-live-transmit", "caller", { latency })
    // What comes at once then is six times what a channel's ring holds: first from the sender, then out of libsrt.
    stop(fed.near.child.pid, 1000, 1600)
    stop(engine.pid, latency + 1000, 1600)
    await passes(fed, 20e6)
    for (const id of ["udp", "srt"]) expect((await engine.output(id)).packets_dropped, id).toBe(0)
  })

  it.runIf(hasMedia).each(roles)("[media] all streams, one behind the other, from a %s", async (role) => {
    const all = transportStreams().map(({ name, first_sync }) => {
      const file = readMedia(name).subarray(first_sync)
      return file.subarray(0, Math.min(file.length - (file.length % 188), 188 * 3000))
    })
    expect(all.length).toBeGreaterThan(40)
    const ts = new Uint8Array(Buffer.concat(all))
    await passes(await feed(ts, "srt-live-transmit", role, { latency: LONG_LATENCY_MS }), 20e6)
  })
})
