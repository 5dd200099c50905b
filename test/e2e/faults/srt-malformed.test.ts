/**
 * Malformed SRT from strangers, from callers and from listeners. The engine goes on, and so do its real receivers (row
 * 31 of the fault matrix).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createSrtSink, type SrtSink } from "../../../load-tests/lib/srt-sink.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "../engine-process.ts"
import { FakeSrtCaller, withHsreq } from "../fake-srt-caller.ts"
import { type Conclude, FakeSrtListener } from "../fake-srt-listener.ts"
import { runSender } from "../load-process.ts"
import {
  conclusions,
  dropRequests,
  handshakes,
  keyMaterial,
  keyMaterials,
  randomControl,
  randomDatagrams,
  rogueControl,
} from "../malformed-srt.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { CONCLUSION, EXT_HSRSP, EXT_KMRSP, FLAG_HSREQ, FLAG_KMREQ, hsreq, packHandshake } from "../srt-wire.ts"

const SECRET = "0123456789abcdef"
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.skipIf(openSrtLibrary({}).srt === null)("malformed SRT", () => {
  let engine: EngineProcess
  let pid: number
  let ports: { plain: number; encrypted: number }
  let sinks: SrtSink[]
  let sending: Promise<unknown>
  let ended = false
  const stop = { port: 0 }

  beforeAll(async () => {
    engine = await EngineProcess.start()
    pid = engine.pid
    stop.port = await engine.channel()
    ports = { plain: await freeUdpPort(), encrypted: await freeUdpPort() }
    await engine.open(`srt://127.0.0.1:${ports.plain}?mode=listener`, "plain")
    await engine.open(`srt://127.0.0.1:${ports.encrypted}?mode=listener&passphrase=${SECRET}`, "encrypted")
    await engine.outputIs("plain", "listening")
    await engine.outputIs("encrypted", "listening")
    sinks = [
      createSrtSink({ mode: "caller", port: ports.plain, latencyMs: 1500 }),
      createSrtSink({ mode: "caller", port: ports.encrypted, passphrase: SECRET, latencyMs: 1500 }),
    ]
    for (const sink of sinks) await sink.until((s) => s.stats().connected === 1)
    sending = runSender(
      ["--base-port", `${stop.port}`, "--bitrate", "4000000", "--duration", "60"],
      [],
      70_000,
    ).finally(() => {
      ended = true
    })
    sending.catch(() => {})
    for (const sink of sinks) await sink.until((s) => s.stats().received > 0)
  })
  afterAll(async () => {
    for (const sink of sinks) sink.close()
    await engine.dispose()
  })

  /** Checks that the process is still the one that was started, and that its receivers have lost nothing since. */
  const isUnharmed = async () => {
    expect(engine.alive).toBe(true)
    expect(engine.pid).toBe(pid)
    for (const sink of sinks) {
      const before = sink.stats().received
      await sink.until((s) => s.stats().received > before + 50)
      expect(sink.stats()).toMatchObject({ connected: 1, lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
    }
    for (const id of ["plain", "encrypted"]) expect((await engine.output(id)).state).toBe("connected")
    expect(ended).toBe(false)
  }

  it("row 31: 600 random datagrams, half of them shaped like control packets", async () => {
    for (const port of [ports.plain, ports.encrypted]) {
      const caller = await FakeSrtCaller.open(port)
      expect(await caller.sendAll(randomDatagrams(600, port))).toBe(600)
      caller.close()
    }
    await isUnharmed()
  })

  it("row 31: short and old handshakes, unknown types, wrong cookies", async () => {
    for (const port of [ports.plain, ports.encrypted]) {
      const caller = await FakeSrtCaller.open(port)
      expect(await caller.sendAll(handshakes())).toBeGreaterThan(150)
      caller.close()
    }
    await isUnharmed()
  })

  it("row 31: conclusions with the right cookie: no extension, truncated ones, absurd KMREQ, stream id, filter, MTU and window", async () => {
    for (const port of [ports.plain, ports.encrypted]) {
      const caller = await FakeSrtCaller.open(port)
      expect(await caller.sendAll(conclusions(caller, await caller.cookie()))).toBeGreaterThan(100)
      caller.close()
    }
    await isUnharmed()
  })

  it.each(["plain", "encrypted"] as const)(
    "row 31: a connected peer of the %s listener: LOSSREPORT, ACK, UMSG_EXT, KMREQ",
    async (name) => {
      for (let i = 0; i < rogueControl(0).length; i += 12) {
        const caller = await FakeSrtCaller.open(ports[name])
        const answer = await caller.connect()
        if ("rejected" in answer) expect({ name, ...answer }).toEqual({ name: "encrypted", rejected: 11 })
        // Each dozen has a connection of its own, since some of the packets end it.
        await caller.sendAll(rogueControl("socketId" in answer ? answer.socketId : 1).slice(i, i + 12))
        caller.close()
      }
      await isUnharmed()
    },
  )

  it("row 31: 600 random control and data packets from connected peers: every other peer is answered at once", async () => {
    const stranger = await FakeSrtCaller.open(ports.plain)
    const startedAt = performance.now()
    for (let i = 0; i < 30; i++) {
      const caller = await FakeSrtCaller.open(ports.plain)
      const answer = await caller.connect()
      await caller.sendAll(randomControl("socketId" in answer ? answer.socketId : 0, 20, i + 1))
      await stranger.cookie()
      caller.close()
    }
    expect(performance.now() - startedAt).toBeLessThan(25_000)
    stranger.close()
    await isUnharmed()
  })

  it("row 31: DROPREQ with absurd ranges from a connected peer: the port goes on answering all others at once", async () => {
    const caller = await FakeSrtCaller.open(ports.plain)
    const answer = await caller.connect()
    expect(answer).toHaveProperty("socketId")
    const stranger = await FakeSrtCaller.open(ports.plain)
    const startedAt = performance.now()
    for (const packet of dropRequests("socketId" in answer ? answer.socketId : 0)) {
      await caller.send(packet)
      await stranger.cookie()
    }
    // Each of them would hold libsrt's receiving thread for seconds.
    expect(performance.now() - startedAt).toBeLessThan(4000)
    caller.close()
    stranger.close()
    await isUnharmed()
  })

  it("row 31: a far side of a caller output that sends DROPREQ does not hold the other callers of the shared port", async () => {
    const response: Conclude = (request) => [
      packHandshake(request.socketId, {
        type: CONCLUSION,
        socketId: 0x777,
        extensionField: FLAG_HSREQ,
        extensions: [{ type: EXT_HSRSP, body: hsreq() }],
      }),
      ...dropRequests(request.socketId),
    ]
    const far = await FakeSrtListener.open(response)
    await engine.connect(`srt://127.0.0.1:${far.port}`, "rogue")
    const sink = createSrtSink({ port: 0, latencyMs: 120 })
    const startedAt = performance.now()
    await engine.connect(`srt://127.0.0.1:${sink.port}`, "sibling")
    expect(performance.now() - startedAt).toBeLessThan(4000)
    await sink.until((s) => s.stats().received > 300)
    expect(sink.stats()).toMatchObject({ connected: 1, lost: 0, corrupt: 0 })
    for (const id of ["rogue", "sibling"]) await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: id })
    far.close()
    sink.close()
    await isUnharmed()
  })

  it("row 31: the handshake repeated on an open connection is answered alike, not by a second connection", async () => {
    const caller = await FakeSrtCaller.open(ports.plain)
    const packet = caller.conclusion(await caller.cookie())
    const joined = () => engine.all("receiver").filter((e) => e.joined).length
    const before = joined()
    await caller.sendAll(Array.from({ length: 20 }, () => packet))
    await eventually("it joined", () => (joined() > before ? true : null))
    await pause(100)
    expect(joined()).toBe(before + 1)
    caller.close()
    await isUnharmed()
  })

  it("row 31: listeners that answer a caller output with nonsense: the output ends with a reason or goes on trying", async () => {
    const answer =
      (fields: Parameters<typeof packHandshake>[1]): Conclude =>
      (request) => [
        packHandshake(request.socketId, { type: CONCLUSION, socketId: 0x777, extensionField: FLAG_HSREQ, ...fields }),
      ]
    const response = { type: EXT_HSRSP, body: hsreq() }
    const replies: ReadonlyArray<Conclude> = [
      answer({ extensionField: 0, extensions: [] }),
      answer({ extensions: [] }),
      answer({ extensions: [{ type: EXT_HSRSP, body: new Uint8Array(4) }] }),
      answer({ extensions: [{ ...response, claimedWords: 0xffff }] }),
      answer({ extensions: withHsreq() }),
      answer({ version: 4, extensionField: 1, extensions: [] }),
      answer({ version: 6, extensions: [response] }),
      answer({ type: 0x7fffffff, extensions: [response] }),
      answer({ socketId: 0, extensions: [response] }),
      ...[0, 1, 27, 28, 29, 44, 0xffffffff].map((mtu) => answer({ mtu, extensions: [response] })),
      ...[0, 0xffffffff].map((window) => answer({ window, extensions: [response] })),
      ...[0x80000000, 0xffffffff].map((sequence) => answer({ sequence, extensions: [response] })),
      ...keyMaterials().map((body) =>
        answer({ extensionField: FLAG_HSREQ | FLAG_KMREQ, extensions: [response, { type: EXT_KMRSP, body }] }),
      ),
      answer({
        extensionField: FLAG_KMREQ | FLAG_HSREQ,
        extensions: [response, { type: EXT_KMRSP, body: keyMaterial(24), claimedWords: 0x7fff }],
      }),
      (request) => [
        packHandshake(request.socketId, { type: CONCLUSION, extensions: [response] }).subarray(0, 40),
        Buffer.alloc(0),
      ],
      () => randomDatagrams(20, 99),
    ]
    const listeners = await Promise.all(replies.map((conclude) => FakeSrtListener.open(conclude)))
    for (const [i, { port }] of listeners.entries())
      await engine.open(`srt://127.0.0.1:${port}?passphrase=${SECRET}&conntimeo=1500`, `odd${i}`)
    await eventually("each was answered", () => (listeners.every((l) => l.requests.length > 0) ? true : null))
    const states = () => listeners.map((_, i) => engine.stateOf(`odd${i}`))
    await eventually("each has ended or is connected", () =>
      states().every((s) => s !== null && s.state !== "connecting") ? true : null,
    )
    for (const state of states()) {
      // The stream never goes in the clear to a peer that has not proved that it knows the passphrase.
      expect(state?.state).toBe("ended")
      expect(state?.reason).toMatchObject({ code: expect.stringMatching(/^srt_/), transient: true })
    }
    for (const listener of listeners) listener.close()
    await isUnharmed()
  })

  it("row 31: all of it has not flooded the log", () => {
    expect(engine.log.split("\n").length).toBeLessThan(30)
  })
})
