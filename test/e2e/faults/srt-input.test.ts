/** What goes wrong with SRT inputs, and what is said of it: by real senders where they can be made to do it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../../src/test-source/test-programme.ts"
import { EngineProcess } from "../engine-process.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"
import { SrtSender } from "../srt-senders.ts"

const KEY = "&passphrase=correct-horse-battery"
const OTHER_KEY = "&passphrase=another-horse-battery"

describe.skipIf(openSrtLibrary({}).srt === null)("faults of SRT inputs", () => {
  let engine: EngineProcess
  const closers: Array<() => unknown> = []

  beforeAll(async () => {
    engine = await EngineProcess.start()
  })
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
    for (const id of ["c1", "c2"]) await engine.ask({ cmd: "remove_channel", channel_id: id })
    engine.forget()
  })
  afterAll(() => engine.dispose())

  const listen = async (query: string, settings = {}, id = "c1", port?: number) => {
    const at = port ?? (await freeUdpPort())
    const url = `srt://127.0.0.1:${at}?mode=listener&latency=200${query}`
    await engine.putLegs([{ name: "primary", ip: "127.0.0.1", port: at, url }], settings, id)
    return at
  }
  const call = async (port: number, query = "") => {
    const sender = await SrtSender.open("srt-live-transmit", `srt://127.0.0.1:${port}?mode=caller&latency=200${query}`)
    closers.push(() => sender.stop("SIGKILL"))
    return sender
  }
  const refusal = async (port: number, query: string) => {
    await engine.legSaid("open")
    const sender = await call(port, query)
    sender.trickle()
    return (await engine.legSaid("refused")).message
  }
  /**
   * Waits until a sender that was refused is taken. On a busy machine srt-live-transmit may drop its input behind a
   * refusal and never come again: where it is silent for a while, another one takes its place.
   */
  const taken = async (port: number, refused: SrtSender, times = 1) => {
    let sender = refused
    let before = -1
    const look = async () => {
      const now = (await stateOf())?.refused ?? 0
      const isSilent = now === before && engine.legMessages("connected").length < times
      before = now
      if (!isSilent) return
      await sender.stop("SIGKILL")
      sender = await call(port)
      sender.trickle()
    }
    const looks = setInterval(() => void look(), 1000)
    await engine.legSaid("connected", times).finally(() => clearInterval(looks))
  }
  const stateOf = async (channel = "c1") => (await engine.leg("primary", channel)).srt

  it.each([
    [
      "another passphrase",
      KEY,
      OTHER_KEY,
      /^the SRT sender 127\.0\.0\.1:\d+ was refused: its passphrase is not the one/,
    ],
    ["no passphrase", KEY, "", /it does not encrypt, and this input has a passphrase$/],
    ["a passphrase that is not expected", "", KEY, /it encrypts, and this input has no passphrase$/],
    [
      "another stream id",
      "&streamid=news",
      "&streamid=sports",
      /\(stream id "sports"\).*its stream id is not one that/,
    ],
    ["no stream id", "&streamid=news", "", /it sent no stream id, and this input waits for one$/],
  ])("a sender with %s is refused, and the reason is told", async (_, ours, theirs, message) => {
    const port = await listen(ours)
    expect(await refusal(port, theirs)).toMatch(message)
    // srt-live-transmit comes again by itself, though not for ever: others help it.
    for (let times = 2; times <= 4; times++) {
      ;(await call(port, theirs)).trickle()
      const enough = async () => (((await stateOf())?.refused ?? 0) >= times ? true : null)
      await eventually(`senders are refused ${times} times`, enough)
    }
    expect(engine.legMessages("refused")).toHaveLength(1)
    expect(await stateOf()).toMatchObject({
      state: "listening",
      connections: 0,
      last_refused: expect.stringMatching(message),
    })
  })

  it("a sender whose address is not allowed is refused; one that is allowed later may come", async () => {
    const port = await freeUdpPort()
    await listen("", { allowed_senders: ["192.0.2.0/24"] }, "c1", port)
    await engine.legSaid("open")
    const sender = await call(port)
    sender.trickle()
    expect((await engine.legSaid("refused")).message).toMatch(/its address is not one of input\.allowed_senders$/)
    await listen("", { allowed_senders: ["127.0.0.0/8"] }, "c1", port)
    await taken(port, sender)
    expect(engine.legMessages("open")).toHaveLength(1)
    // The refusal is history now: what ends this connection is what matters next.
    expect((await stateOf())?.refused).toBeGreaterThan(0)
    expect((await stateOf())?.last_refused).toBeNull()
    await listen("", { allowed_senders: ["192.0.2.0/24"] }, "c1", port)
    expect((await engine.legSaid("lost")).message).toMatch(/its address is no longer one of input\.allowed_senders$/)
  })

  it("a second sender is refused while the first one sends, and taken when that is gone", async () => {
    const port = await listen("")
    await engine.legSaid("open")
    const first = await call(port)
    await engine.legSaid("connected")
    const sending = new AbortController()
    const sent = first.send(generateTs(20, { bitrate: 2_000_000 }), 2_000_000, sending.signal)
    await engine.legSaid("live")
    const second = await call(port)
    second.trickle()
    expect((await engine.legSaid("refused")).message).toMatch(/another sender, 127\.0\.0\.1:\d+, is connected/)
    expect(await stateOf()).toMatchObject({ state: "connected", connections: 1 })
    sending.abort()
    await sent
    // Killed, it says no goodbye: libsrt would believe in it for five seconds.
    const goneAt = performance.now()
    await first.stop("SIGKILL")
    await taken(port, second, 2)
    expect(performance.now() - goneAt).toBeLessThan(4500)
    expect(engine.legMessages("lost").at(-1)).toMatch(/nothing came from it any more, and a sender connected anew$/)
  })

  it("what a sender sent before its goodbye comes out in its own time", async () => {
    const port = await listen("&latency=1000")
    await engine.legSaid("open")
    const udp = await UdpReceiver.open()
    closers.push(() => udp.close())
    await engine.connect(`udp://127.0.0.1:${udp.port}`)
    const sender = await call(port)
    await engine.legSaid("connected")
    const ts = generateTs(2, { bitrate: 3_000_000 })
    await sender.send(ts, 3_000_000)
    // By now all of it is here, and half of it is not due.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const goodbyeAt = performance.now()
    await sender.stop("SIGINT")
    await udp.atLeastBytes(ts.length)
    expect(udp.bytes().subarray(0, ts.length).equals(ts)).toBe(true)
    expect(engine.legMessages("lost")).toHaveLength(1)
    const after = udp.datagrams.filter(({ at }) => at > goodbyeAt).map(({ at }) => at - goodbyeAt)
    expect(Math.max(...after)).toBeGreaterThan(600)
    // Spread over that time, not in one burst.
    for (const [from, to] of [
      [0, 300],
      [300, 600],
    ] as const)
      expect(after.filter((at) => at >= from && at < to).length).toBeGreaterThan(30)
  })

  it("a port that another program has is named, and taken once it is free", async () => {
    const other = await UdpReceiver.open()
    await listen("", {}, "c1", other.port)
    const { message } = await engine.legSaid("failed")
    expect(message).toMatch(/EADDRINUSE.*127\.0\.0\.1:\d+\/udp/)
    expect((await engine.leg()).problem).toMatchObject({ code: "EADDRINUSE" })
    other.close()
    await engine.legSaid("open")
    expect((await engine.leg()).problem).toBeNull()
  })

  it("a host that has no address is told once, and called again", async () => {
    const url = "srt://no-such-host.invalid:9000"
    await engine.putLegs([{ name: "primary", ip: "no-such-host.invalid", port: 9000, url, retry_delay_ms: 100 }])
    expect((await engine.legSaid("failed")).message).toMatch(/no-such-host\.invalid cannot be resolved/)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(engine.legMessages("failed")).toHaveLength(1)
    expect(await stateOf()).toMatchObject({ state: "connecting", last_error: { code: "dns" } })
  })

  it("a caller with another passphrase than the sender's is told libsrt's reason", async () => {
    const port = await freeUdpPort()
    const sender = await SrtSender.open("srt-live-transmit", `srt://127.0.0.1:${port}?mode=listener${KEY}`, {
      listenPort: port,
    })
    closers.push(() => sender.stop("SIGKILL"))
    const url = `srt://127.0.0.1:${port}?mode=caller${OTHER_KEY}`
    await engine.putLegs([{ name: "primary", ip: "127.0.0.1", port, url }])
    expect((await engine.legSaid("failed")).message).toMatch(/Incorrect passphrase \(SRT reject code 10\)/)
    expect((await engine.leg()).problem).toMatchObject({ code: "srt_reject_10", transient: true })
    expect(JSON.stringify(engine.events)).not.toMatch(/horse/)
  })

  it("private far ends are refused when they are not allowed", async () => {
    const url = "srt://127.0.0.1:9000"
    await engine.putLegs([{ name: "primary", ip: "127.0.0.1", port: 9000, url, public_only: true }])
    expect((await engine.legSaid("failed")).message).toMatch(/ALLOW_PRIVATE_TARGETS=off lets no input call$/)
    expect((await engine.leg()).problem).toMatchObject({ code: "private_target" })
  })

  it("two channels share a port by stream id, and neither hears the other's sender", async () => {
    const port = await listen("&streamid=%23!::r=one,m=publish")
    await listen("&streamid=%23!::r=two,m=publish", {}, "c2", port)
    await eventually("both wait", () => (engine.legMessages("open").length === 2 ? true : null))
    const two = await call(port, "&streamid=publish:two")
    const { channel_id, message } = await engine.legSaid("connected")
    expect([channel_id, message]).toEqual(["c2", expect.stringContaining('(stream id "publish:two")')])
    await call(port, "&streamid=publish:one")
    await engine.legSaid("connected", 2)
    await call(port, "&streamid=publish:three")
    await eventually("both channels tell of a sender that neither waits for", () =>
      engine.legMessages("refused").length === 2 ? true : null,
    )
    await two.send(generateTs(1, { bitrate: 2_000_000 }), 4_000_000)
    await engine.legSaid("live")
    expect((await engine.leg("primary", "c1")).counters["ts_packets"]).toBe(0)
    expect((await engine.leg("primary", "c2")).counters["ts_packets"]).toBeGreaterThan(500)
    // Gone, the port is free for somebody else.
    await engine.ask({ cmd: "remove_channel", channel_id: "c1" })
    await engine.ask({ cmd: "remove_channel", channel_id: "c2" })
    await Promise.all(closers.splice(0).map((close) => close()))
    engine.forget()
    await listen("", {}, "c1", port)
    await engine.legSaid("open")
  })

  it("legs that cannot share a port are told why", async () => {
    const port = await listen("")
    await engine.legSaid("open")
    await listen("&streamid=two", {}, "c2", port)
    expect((await engine.legSaid("failed")).message).toMatch(
      /another input listens there; give each of them a streamid/,
    )
  })

  it("a leg whose sender vanishes fails over within failover_after_ms, not after libsrt's 5 s", async () => {
    const [a, b] = [await freeUdpPort(), await freeUdpPort()]
    const leg = (name: "primary" | "backup", port: number) => ({
      name,
      ip: "127.0.0.1",
      port,
      url: `srt://127.0.0.1:${port}?mode=listener&latency=200`,
    })
    await engine.putLegs([leg("primary", a), leg("backup", b)], { mode: "failover", failover_after_ms: 500 })
    await eventually("both wait", () => (engine.legMessages("open").length === 2 ? true : null))
    const [first, second] = [await call(a), await call(b)]
    await engine.legSaid("connected", 2)
    const ending = new AbortController()
    const sent = Promise.all([
      first.send(generateTs(30, { bitrate: 2_000_000 }), 2_000_000, ending.signal),
      second.send(generateTs(30, { bitrate: 2_000_000, seed: 5, label: "OTHER" }), 2_000_000, ending.signal),
    ])
    await eventually("the backup could take over", async () =>
      (await engine.channelStats()).redundancy === "ok" ? true : null,
    )
    expect((await engine.channelStats()).active_source).toBe("primary")
    const goneAt = performance.now()
    await first.stop("SIGKILL")
    await eventually("it has switched", () => engine.all("source").find(({ kind }) => kind === "switched") ?? null)
    expect(performance.now() - goneAt).toBeLessThan(4500)
    expect(engine.all("source").find(({ kind }) => kind === "switched")).toMatchObject({ leg: "backup" })
    // The connection itself is thought to live still.
    expect(engine.legMessages("lost")).toHaveLength(0)
    ending.abort()
    await sent
  })
})
