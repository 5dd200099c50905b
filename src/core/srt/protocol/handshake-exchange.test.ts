import { describe, expect, it } from "vitest"
import { HandshakeRun, PASSPHRASE, said, stampOf } from "../testing/shake-hands.ts"
import { FLAG, HANDSHAKE_TYPE } from "./handshake.ts"
import type { KeyBytes } from "./key-material.ts"
import { REJECT } from "./session.ts"

describe("a caller and a listener", () => {
  it("agree on everything", () => {
    const run = new HandshakeRun(
      { streamId: "#!::r=live/täst,m=publish", latencyMs: 300, mtu: 1400 },
      { latencyMs: 500, mtu: 1450 },
    ).run()
    const { session, caller } = run.accepted
    expect(run.caller.state).toBe("connected")
    expect(caller).toEqual({ peer: "192.0.2.1:5000", streamId: "#!::r=live/täst,m=publish" })
    // Each side's latency is the one the other side receives with.
    expect(run.caller.session).toEqual({
      socketId: 77,
      peerSocketId: 4242,
      sequence: 0x7ffffff0,
      latencyMs: 300,
      flowWindow: 8192,
      payloadBytes: 1400 - 44,
      periodicNak: true,
      dropsTooLate: true,
      peerVersion: 0x10501,
      keys: null,
      startUs: 1000,
    })
    expect(session).toEqual({
      ...run.caller.session,
      socketId: 4242,
      peerSocketId: 77,
      latencyMs: 500,
      // The caller's conclusion came 40 ms after its start; that is the listener's time 0.
      startUs: 41_000,
    })
    expect(run.toListener.map((packet) => said(packet).type)).toEqual([
      HANDSHAKE_TYPE.INDUCTION,
      HANDSHAKE_TYPE.CONCLUSION,
    ])
  })

  it("take the larger of what both want as latency", () => {
    const latencies = (caller: number, listener: number) => {
      const run = new HandshakeRun({ latencyMs: caller }, { latencyMs: listener }).run()
      return [run.caller.session?.latencyMs, run.accepted.session.latencyMs]
    }
    // Both would receive with 120 ms by themselves.
    expect(latencies(20, 30)).toEqual([120, 120])
    expect(latencies(4000, 65535)).toEqual([4000, 65535])
  })

  it("send without TSBPD when one of them wants none", () => {
    const run = new HandshakeRun({ tsbpd: false }).run()
    expect([run.caller.session?.latencyMs, run.accepted.session.latencyMs]).toEqual([0, 0])
    const other = new HandshakeRun({}, { tsbpd: false }).run()
    expect([other.caller.session?.latencyMs, other.accepted.session.latencyMs]).toEqual([0, 0])
    expect((said(other.toCaller[1] ?? new Uint8Array(0)).capabilities?.flags ?? 0) & FLAG.TSBPDRCV).toBe(0)
  })

  it.each<[caller: KeyBytes | null, listener: KeyBytes, agreed: KeyBytes]>([
    [null, 16, 16],
    [null, 24, 24],
    [null, 32, 32],
    [16, 32, 16],
    [32, 16, 32],
  ])("a caller that wants keys of %s bytes and a listener of %i take %i", (callerBytes, listenerBytes, agreed) => {
    const run = new HandshakeRun(
      { passphrase: PASSPHRASE, keyBytes: callerBytes },
      { passphrase: PASSPHRASE, keyBytes: listenerBytes },
    ).run()
    const ours = run.caller.session?.keys
    const theirs = run.accepted.session.keys
    expect(ours?.keyBytes).toBe(agreed)
    expect(theirs?.keyBytes).toBe(agreed)
    expect([theirs?.key(0), theirs?.key(1), theirs?.salt]).toEqual([ours?.key(0), null, ours?.salt])
  })

  it("begin the time stamps of a caller with its first packet, of a listener with its answer", () => {
    const run = new HandshakeRun({}, {}, 5e9).run()
    expect(run.toListener.map(stampOf)).toEqual([0, 30_000])
    expect(run.toCaller.map(stampOf)).toEqual([0, 0])
  })
})

describe("a lost packet", () => {
  const agreed = (run: HandshakeRun) => {
    expect(run.caller.state).toBe("connected")
    expect(run.steps.filter(({ kind }) => kind === "accepted")).toHaveLength(1)
    expect(run.caller.session?.peerSocketId).toBe(run.accepted.session.socketId)
    expect(run.caller.session?.keys?.key(0)).toEqual(run.accepted.session.keys?.key(0))
  }
  const encrypted = () => new HandshakeRun({ passphrase: PASSPHRASE }, { passphrase: PASSPHRASE })

  it.each([0, 1, 2])("of the caller's, number %i, is said again after 250 ms", (lost) => {
    const run = encrypted().run(3e6, { there: (packet, i) => (i === lost ? null : packet) })
    agreed(run)
    expect(run.toListener).toHaveLength(lost < 2 ? 3 : 2)
  })

  it("of the listener's induction brings another induction", () => {
    const run = encrypted().run(3e6, { back: (packet, i) => (i === 0 ? null : packet) })
    agreed(run)
    expect(run.toListener.map((packet) => said(packet).type)).toEqual([1, 1, HANDSHAKE_TYPE.CONCLUSION])
  })

  it("of the listener's conclusion brings the same conclusion, stamped with the time of its sending", () => {
    const run = encrypted().run(3e6, { back: (packet, i) => (i === 1 || i === 2 ? null : packet) })
    agreed(run)
    const [first, second, third] = run.toCaller.slice(1)
    if (first === undefined || second === undefined || third === undefined) throw new Error("three conclusions")
    expect([first, second, third].map(stampOf)).toEqual([0, 250_000, 500_000])
    const withoutStamp = (packet: Uint8Array) => packet.map((byte, i) => (i >= 8 && i < 12 ? 0 : byte))
    expect(withoutStamp(second)).toEqual(withoutStamp(first))
    expect(withoutStamp(third)).toEqual(withoutStamp(first))
    // And the caller's own conclusion carries the time of each sending: the receiver's TSBPD begins where it says 0.
    const stamps = run.toListener.map(stampOf)
    expect(stamps).toEqual([0, 30_000, 280_000, 530_000])
  })

  it("that comes late does no harm: a second induction answer, a second conclusion", () => {
    const run = encrypted().run()
    const before = run.caller.session
    for (const packet of run.toCaller) expect(run.caller.receive(packet, 0, packet.length)).toBeNull()
    expect(run.caller.session).toBe(before)
    expect(run.caller.poll(run.nowUs + 1e6)).toBeNull()
  })

  it("leaves a caller without an answer until its time is over, not a turn longer", () => {
    const run = new HandshakeRun({ timeoutUs: 1_130_000 }).run(1_100_000, { there: () => null })
    expect(run.caller.state).toBe("induction")
    expect(run.caller.poll(1000 + 1_129_999)).toBeNull()
    expect(run.caller.state).toBe("induction")
    expect(run.caller.poll(1000 + 1_130_000)).toBeNull()
    expect(run.caller.refusal).toEqual({ code: REJECT.TIMEOUT, byPeer: false })
    expect(run.toListener.map(stampOf)).toEqual([0, 250_000, 500_000, 750_000, 1_000_000])
  })

  it("of each conclusion ends in the same time-out", () => {
    const run = new HandshakeRun().run(4e6, { back: (packet, i) => (i > 0 ? null : packet) })
    expect(run.caller.refusal).toEqual({ code: REJECT.TIMEOUT, byPeer: false })
  })
})

describe("the listener's answers", () => {
  it("are forgotten with the connection: the caller's socket id may come again", () => {
    const run = new HandshakeRun().run()
    const conclusion = run.toListener.at(-1) ?? new Uint8Array(0)
    expect(run.hear(conclusion).kind).toBe("reply")
    run.listener.forget("192.0.2.1:5000", run.accepted.session)
    expect(run.hear(conclusion).kind).toBe("accepted")
  })

  it("belong to one address: the same socket id from another one is another caller", () => {
    const run = new HandshakeRun().run()
    const from = { peer: "192.0.2.1:5001", address: Uint8Array.of(192, 0, 2, 1, 0x13, 0x89) }
    expect(run.hear(run.toListener.at(-1) ?? new Uint8Array(0), from)).toEqual({ kind: "ignored", why: "cookie" })
  })
})
