import { createSocket, type Socket } from "node:dgram"
import { afterEach, describe, expect, it } from "vitest"
import { CONCLUSION, EXT_HSREQ, FLAG_HSREQ, hsreq, packHandshake } from "../../../test/e2e/srt-wire.ts"
import * as c from "../ffi/libc.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import {
  FAILURES_IN_ALL_PER_SECOND,
  FAILURES_PER_SECOND,
  HandshakeGate,
  HandshakeGates,
  SET_UPS_IN_ALL,
  SET_UPS_MAX,
} from "./handshake-gate.ts"

const SECOND = 1e6
/** A data packet without payload. */
const DATA = Buffer.alloc(16, 1)
const open: Array<{ close(): void }> = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

/** Makes a gate before a socket of ours; `setUp` does what a thread of libsrt does at the gate. */
const stage = async (gates = new HandshakeGates()) => {
  const socket: Socket = createSocket("udp4")
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()))
  let semaphore = 0
  const srt = {
    listenCallback: (_socket: number, hook: number, opaque: number) => {
      expect(hook).toBeGreaterThan(0)
      semaphore = opaque
      return 0
    },
  } as unknown as LibSrt
  const { port } = socket.address()
  const gate = new HandshakeGate(encodeSockaddr("127.0.0.1", port), gates)
  gate.guard(srt, 1)
  open.push({ close: () => gate.close() }, socket)
  /** Sets connections up until there are so many or the gate has no token left; returns how many. */
  const setUp = (count: number) => {
    let done = 0
    while (done < count && c.libc.semTrywait(semaphore) === 0) done += 1
    return done
  }
  let got = 0
  let dataCame = () => {}
  socket.on("message", (packet) => (packet.equals(DATA) ? dataCame() : got++))
  const send = async (source: string, packet: Uint8Array) => {
    const sender = createSocket("udp4")
    await new Promise<void>((resolve) => sender.bind(0, source, () => resolve()))
    await new Promise((resolve) => sender.send(packet, port, "127.0.0.1", resolve))
    sender.close()
  }
  /** Sends a handshake from each of `sources` sources, and returns how many get through now. */
  const knock = async (sources: number): Promise<number> => {
    got = 0
    const packet = packHandshake(0, {
      type: CONCLUSION,
      extensionField: FLAG_HSREQ,
      extensions: [{ type: EXT_HSREQ, body: hsreq() }],
    })
    for (let i = 0; i < sources; i++) await send(`127.0.2.${i + 1}`, packet)
    // Data always get through, behind what was sent before them.
    const came = new Promise<void>((resolve) => (dataCame = resolve))
    await send("127.0.3.1", DATA)
    await came
    return got
  }
  return { gate, gates, knock, setUp }
}

describe("HandshakeGate", () => {
  it("lets no more connections be set up at a time than its tokens", async () => {
    const { setUp } = await stage()
    expect(setUp(1000)).toBe(SET_UPS_MAX)
  })

  it("gives a token back at once for a receiver that is there, and never more than there were", async () => {
    const { gate, setUp } = await stage()
    setUp(10)
    for (let i = 0; i < 10; i++) gate.proven()
    expect(gate.left).toBe(SET_UPS_MAX)
    gate.proven()
    expect(gate.left).toBe(SET_UPS_MAX)
  })

  it("gives the tokens of what came to nothing back by and by, also behind a stall of a minute", async () => {
    const { gate, setUp } = await stage()
    let nowUs = 5 * SECOND
    gate.poll(nowUs)
    const taken = (seconds: number, stepUs: number) => {
      let sum = 0
      for (const endUs = nowUs + seconds * SECOND; nowUs < endUs; ) {
        nowUs += stepUs
        gate.poll(nowUs)
        sum += setUp(1000)
      }
      return sum
    }
    setUp(1000)
    expect(taken(10, 10_000)).toBeGreaterThanOrEqual(FAILURES_PER_SECOND * 10 - 1)
    expect(taken(10, 10_000)).toBeLessThanOrEqual(FAILURES_PER_SECOND * 10 + 1)
    expect(taken(60, 60 * SECOND)).toBeLessThanOrEqual(SET_UPS_MAX)
  })

  it("gives none back for receivers that are connected and silent, until they are gone", async () => {
    const { gate, setUp } = await stage()
    let nowUs = SECOND
    gate.poll(nowUs)
    const silent = setUp(1000)
    const wait = (unproven: number) => {
      for (let i = 0; i < 1000; i++) {
        nowUs += 10_000
        gate.poll(nowUs, unproven)
      }
      return gate.left
    }
    expect(wait(silent)).toBe(0)
    expect(wait(silent - 5)).toBe(5)
    expect(wait(0)).toBe(SET_UPS_MAX)
  })

  it("many listeners share what is set up in all, at a time and a second", async () => {
    const gates = new HandshakeGates()
    const all = []
    for (let i = 0; i < 32; i++) all.push(await stage(gates))
    let nowUs = SECOND
    for (const { gate } of all) gate.poll(nowUs)
    const atOnce = all.reduce((sum, { setUp }) => sum + setUp(1000), 0)
    expect(atOnce).toBeLessThanOrEqual(SET_UPS_IN_ALL)
    expect(atOnce).toBeGreaterThan(SET_UPS_IN_ALL / 2)
    let later = 0
    for (const endUs = nowUs + 10 * SECOND; nowUs < endUs; ) {
      nowUs += 10_000
      for (const { gate, setUp } of all) {
        gate.poll(nowUs)
        later += setUp(1000)
      }
    }
    expect(later).toBeLessThanOrEqual(FAILURES_IN_ALL_PER_SECOND * 11)
    expect(later).toBeGreaterThan(FAILURES_IN_ALL_PER_SECOND * 8)
  })

  it("without tokens nobody new gets through; then some sources a turn; all again 5 s after the flood", async () => {
    const { gate, knock, setUp } = await stage()
    let nowUs = SECOND
    gate.poll(nowUs)
    expect([gate.flooded, await knock(8)]).toEqual([false, 8])
    setUp(1000)
    nowUs += 10_000
    gate.poll(nowUs)
    setUp(1000)
    gate.poll(nowUs)
    expect([gate.flooded, await knock(8)]).toEqual([true, 0])
    const turns: number[] = []
    for (let turn = 0; turn < 12; turn++) {
      nowUs += 250_000
      gate.poll(nowUs)
      turns.push(await knock(24))
    }
    expect(turns.some((got) => got > 0)).toBe(true)
    // Turns are chosen by chance: of 24 sources never all get through at once, of 8 they do now and then.
    expect(turns.every((got) => got < 24)).toBe(true)
    nowUs += 5 * SECOND
    gate.poll(nowUs)
    expect([gate.flooded, await knock(8)]).toEqual([false, 8])
  })

  it("a gate that opens again behind a flood begins with all its tokens", async () => {
    const gates = new HandshakeGates()
    const first = await stage(gates)
    first.setUp(1000)
    first.gate.close()
    first.gate.proven()
    expect((await stage(gates)).setUp(1000)).toBe(SET_UPS_MAX)
  })
})
