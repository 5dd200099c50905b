import { describe, expect, it } from "vitest"
import { altered, HandshakeRun, PASSPHRASE, PEER, said } from "../testing/shake-hands.ts"
import { EXTENSION, FLAG, HANDSHAKE_TYPE, type HandshakeFields, REJECT_BASE } from "./handshake.ts"
import type { ListenerOptions } from "./listener.ts"
import { REJECT } from "./session.ts"

/** A caller whose conclusion is altered on the way to the listener. */
const withConclusion = (
  fields: (packet: Uint8Array) => Partial<HandshakeFields>,
  listener: Partial<ListenerOptions> = {},
  passphrase: string | null = null,
): HandshakeRun =>
  new HandshakeRun({ passphrase }, listener).run(1e6, {
    there: (packet, i) => (i === 0 ? packet : altered(packet, fields(packet))),
  })

/** The conclusion with a block behind it that our own caller does not write. */
const withBlock = (type: number, content: Uint8Array): HandshakeRun =>
  new HandshakeRun().run(1e6, {
    there: (packet, i) => {
      if (i === 0) return packet
      const longer = new Uint8Array(packet.length + 4 + content.length)
      longer.set(packet)
      new DataView(longer.buffer).setUint16(packet.length, type)
      new DataView(longer.buffer).setUint16(packet.length + 2, content.length / 4)
      longer.set(content, packet.length + 4)
      return longer
    },
  })

const capabilities = (packet: Uint8Array) =>
  said(packet).capabilities ?? { version: 0, flags: 0, receiveLatencyMs: 0, sendLatencyMs: 0 }

describe("a listener refuses", () => {
  it.each<[name: string, code: number, run: () => HandshakeRun]>([
    ["HSv4", REJECT.VERSION, () => withConclusion(() => ({ version: 4, capabilities: null }))],
    ["a conclusion without capabilities", REJECT.ROGUE, () => withConclusion(() => ({ capabilities: null }))],
    [
      "an old version",
      REJECT.VERSION,
      () => withConclusion((packet) => ({ capabilities: { ...capabilities(packet), version: 0x10299 } })),
    ],
    ["a group", REJECT.GROUP, () => withBlock(EXTENSION.GROUP, new Uint8Array(8))],
    ["a packet filter", REJECT.FILTER, () => withConclusion(() => ({ filter: "fec,cols:10" }))],
    ["file mode", REJECT.CONGESTION, () => withConclusion(() => ({ congestion: "file" }))],
    [
      "stream mode",
      REJECT.MESSAGEAPI,
      () =>
        withConclusion((packet) => ({
          capabilities: { ...capabilities(packet), flags: capabilities(packet).flags | FLAG.STREAM },
        })),
    ],
    ["what admit refuses", 1403, () => new HandshakeRun({}, { admit: () => 1403 }).run()],
    [
      "another passphrase",
      REJECT.BADSECRET,
      () => new HandshakeRun({ passphrase: `${PASSPHRASE}!` }, { passphrase: PASSPHRASE }).run(),
    ],
    [
      "a caller that encrypts, with no passphrase of its own",
      REJECT.UNSECURE,
      () => new HandshakeRun({ passphrase: PASSPHRASE }).run(),
    ],
    ["a caller that does not encrypt", REJECT.UNSECURE, () => new HandshakeRun({}, { passphrase: PASSPHRASE }).run()],
    [
      "key material that is none",
      REJECT.ROGUE,
      () => withConclusion(() => ({ keyMaterial: new Uint8Array(56) }), { passphrase: PASSPHRASE }, PASSPHRASE),
    ],
  ])("%s, with code %i", (_, code, make) => {
    const run = make()
    expect(run.steps.at(-1)).toMatchObject({ kind: "refused", code, caller: { peer: PEER.peer, streamId: "" } })
    expect(run.caller.state).toBe("failed")
    expect(run.caller.refusal).toEqual({ code, byPeer: true })
    // The refusal names the caller's own socket, cookie and sequence, as libsrt's does.
    const conclusion = said(run.toListener.at(-1) ?? new Uint8Array(0))
    expect(said(run.toCaller.at(-1) ?? new Uint8Array(0))).toMatchObject({
      type: REJECT_BASE + code,
      socketId: 77,
      cookie: conclusion.cookie,
      sequence: 0x7ffffff0,
    })
  })

  it("takes the congestion controller 'live', and a peer that could filter", () => {
    expect(withConclusion(() => ({ congestion: "live" })).caller.state).toBe("connected")
    const couldFilter = withConclusion((packet) => ({
      capabilities: { ...capabilities(packet), flags: capabilities(packet).flags | FLAG.PACKET_FILTER },
    }))
    expect(couldFilter.caller.state).toBe("connected")
  })

  it("asks admit with the stream id, after the cookie and before the passphrase", () => {
    const asked: string[] = []
    const order: string[] = []
    const run = new HandshakeRun(
      { streamId: "live/1", passphrase: "another passphrase" },
      {
        passphrase: PASSPHRASE,
        admit: ({ peer, streamId }) => {
          asked.push(`${peer} ${streamId}`)
          order.push("admit")
          return null
        },
        mayDerive: () => {
          order.push("derive")
          return true
        },
      },
    ).run()
    expect(run.caller.refusal?.code).toBe(REJECT.BADSECRET)
    expect([asked, order]).toEqual([["192.0.2.1:5000 live/1"], ["admit", "derive"]])
  })

  it("does not answer a caller that has had its share of key derivations, until it may again", () => {
    let allowed = 0
    const run = new HandshakeRun(
      { passphrase: PASSPHRASE },
      { passphrase: PASSPHRASE, mayDerive: () => ++allowed > 3 },
    ).run()
    expect(run.steps.map((step) => ("why" in step ? step.why : step.kind))).toEqual([
      "reply",
      "busy",
      "busy",
      "busy",
      "accepted",
    ])
    expect(run.caller.state).toBe("connected")
  })
})

describe("a listener that may set up no more connections", () => {
  it("does not answer who would be let in, until it may; who is refused is told so", () => {
    let asked = 0
    const maySetUp = () => ++asked > 2
    const run = new HandshakeRun({}, { maySetUp }).run()
    expect(run.steps.map((step) => ("why" in step ? step.why : step.kind))).toEqual([
      "reply",
      "busy",
      "busy",
      "accepted",
    ])
    const refused = new HandshakeRun({}, { maySetUp: () => false, admit: () => 1403 }).run()
    expect(refused.caller.refusal).toEqual({ code: 1403, byPeer: true })
  })
})

describe("a listener ignores", () => {
  const conclusionOf = (run: HandshakeRun) => run.toListener[1] ?? new Uint8Array(0)

  it("a cookie it made for another address, one that is too old, and one it never made", () => {
    const run = new HandshakeRun().run()
    const other = { peer: "198.51.100.1:5000", address: Uint8Array.of(198, 51, 100, 1, 0x13, 0x88) }
    const packet = conclusionOf(run)
    run.listener.forget(PEER.peer, run.accepted.session)
    expect(run.hear(packet, other)).toEqual({ kind: "ignored", why: "cookie" })
    expect(run.hear(packet, PEER, 120e6)).toEqual({ kind: "ignored", why: "cookie" })
    expect(run.hear(altered(packet, { cookie: 0 }))).toEqual({ kind: "ignored", why: "cookie" })
    expect(run.hear(packet, PEER, 60e6).kind).toBe("accepted")
  })

  it("an extension that runs past its end, half a handshake, and a socket id of 0", () => {
    const run = new HandshakeRun().run()
    const packet = conclusionOf(run)
    const longer = packet.slice()
    new DataView(longer.buffer).setUint16(66, 200)
    const malformed = { kind: "ignored", why: "handshake" }
    expect(run.hear(longer)).toEqual(malformed)
    expect(run.hear(packet.slice(0, 60))).toEqual(malformed)
    expect(run.hear(altered(packet, { socketId: 0 }))).toEqual(malformed)
    expect(run.hear(altered(packet, { type: HANDSHAKE_TYPE.WAVEAHAND }))).toEqual(malformed)
    expect(run.hear(altered(packet, { type: HANDSHAKE_TYPE.AGREEMENT }))).toEqual(malformed)
  })

  it.each([
    ["a sequence number of 32 bits", { sequence: 0x80000000 }],
    ["an MTU into which nothing fits", { mtu: 231 }],
    ["a window of one packet", { flowWindow: 1 }],
  ])("%s", (_, fields) => {
    const run = withConclusion(() => fields)
    expect(run.steps.at(-1)).toEqual({ kind: "ignored", why: "handshake" })
    expect(run.steps.some(({ kind }) => kind === "accepted")).toBe(false)
  })
})

describe("a caller", () => {
  const withAnswer = (fields: Partial<HandshakeFields>, passphrase: string | null = null): HandshakeRun =>
    new HandshakeRun({ passphrase }, { passphrase }).run(1e6, {
      back: (packet, i) => (i === 0 ? packet : altered(packet, fields, true)),
    })
  const withInduction = (fields: Partial<HandshakeFields>): HandshakeRun =>
    new HandshakeRun().run(1e6, { back: (packet, i) => (i === 0 ? altered(packet, fields, true) : packet) })
  const otherKeys = () => {
    const other = new HandshakeRun({ passphrase: PASSPHRASE, socketId: 5 }, { passphrase: PASSPHRASE })
    other.crypto.random(5)
    return said(other.run().toCaller[1] ?? new Uint8Array(0)).keyMaterial
  }

  it.each<[name: string, code: number, run: () => HandshakeRun]>([
    ["a listener of HSv4", REJECT.VERSION, () => withInduction({ version: 4, extension: 2 })],
    ["an induction without the magic", REJECT.VERSION, () => withInduction({ extension: 2 })],
    ["a conclusion of HSv4", REJECT.VERSION, () => withAnswer({ version: 4 })],
    ["a conclusion without HSRSP", REJECT.ROGUE, () => withAnswer({ capabilities: null })],
    [
      "an old version",
      REJECT.VERSION,
      () => withAnswer({ capabilities: { version: 0x10200, flags: 0, receiveLatencyMs: 0, sendLatencyMs: 0 } }),
    ],
    ["no KMRSP", REJECT.BADSECRET, () => withAnswer({ keyMaterial: null }, PASSPHRASE)],
    [
      "a KMRSP that says BADSECRET",
      REJECT.BADSECRET,
      () => withAnswer({ keyMaterial: Uint8Array.of(0, 0, 0, 4) }, PASSPHRASE),
    ],
    [
      "a KMRSP that says NOSECRET",
      REJECT.UNSECURE,
      () => withAnswer({ keyMaterial: Uint8Array.of(0, 0, 0, 3) }, PASSPHRASE),
    ],
    ["a KMRSP with other keys", REJECT.BADSECRET, () => withAnswer({ keyMaterial: otherKeys() }, PASSPHRASE)],
    ["a KMRSP it did not ask for", REJECT.UNSECURE, () => withAnswer({ keyMaterial: new Uint8Array(56) })],
  ])("gives up at %s, with code %i", (_, code, make) => {
    const run = make()
    expect(run.caller.refusal).toEqual({ code, byPeer: false })
    expect(run.caller.session).toBeNull()
    expect(run.caller.poll(run.nowUs + 1e6)).toBeNull()
  })

  it("is refused as early as the induction", () => {
    expect(withInduction({ type: 1002 }).caller.refusal).toEqual({ code: 2, byPeer: true })
  })

  it.each([
    ["no socket id", { socketId: 0 }],
    ["a sequence number of 32 bits", { sequence: 0xffffffff }],
    ["an MTU into which nothing fits", { mtu: 0 }],
    ["a window of no packet", { flowWindow: 0 }],
  ])("goes on asking after a conclusion with %s", (_, fields) => {
    const run = withAnswer(fields)
    expect(run.caller.state).toBe("conclusion")
    expect(run.problems.length).toBeGreaterThan(2)
    expect(new Set(run.problems)).toEqual(new Set(["handshake"]))
  })

  it("ignores a conclusion before the induction, and half a handshake", () => {
    const run = new HandshakeRun().run()
    const conclusion = run.toCaller[1] ?? new Uint8Array(0)
    const fresh = new HandshakeRun()
    expect(fresh.caller.receive(conclusion, 0, conclusion.length)).toBeNull()
    expect(fresh.caller.receive(conclusion, 0, 63)).toBe("handshake")
    expect(fresh.caller.state).toBe("induction")
  })
})
