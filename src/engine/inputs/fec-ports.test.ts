import { createSocket, type Socket } from "node:dgram"
import { existsSync } from "node:fs"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { LegSpec } from "../protocol/messages.ts"
import { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { FecPorts } from "./fec-ports.ts"
import { socketMemory } from "./input-socket.ts"

const S = 1e6
const HOST = "127.0.0.1"

const bound = async (port: number): Promise<Socket> => {
  const socket = createSocket("udp4")
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject)
    socket.bind(port, HOST, () => resolve())
  })
  return socket
}

/** Finds a port P of which P + 2 and P + 4 are free as well. */
const freePorts = async (): Promise<number> => {
  for (;;) {
    const first = await bound(0)
    const { port } = first.address()
    const others = await Promise.allSettled(port <= 65531 ? [bound(port + 2), bound(port + 4)] : [])
    first.close()
    for (const other of others) if (other.status === "fulfilled") other.value.close()
    if (others.length === 2 && others.every((o) => o.status === "fulfilled")) return port
  }
}

let registry: UdpPortRegistry
let leg: LegSpec
let fec: FecPorts | null = null

const ports = (mode: "off" | "auto", spec = leg) => {
  fec = new FecPorts(spec, mode, registry)
  return fec
}
const isOpen = (fds: FecPorts) => [fds.column >= 0, fds.row >= 0]

beforeEach(async () => {
  registry = new UdpPortRegistry()
  leg = { name: "primary", ip: HOST, port: await freePorts() }
})
afterEach(() => {
  fec?.close()
  fec = null
})

describe("FEC auto", () => {
  it("receives columns on the port + 2 and rows on the port + 4 while the leg listens", async () => {
    const fec = ports("auto")
    fec.poll(0, false, false, 0)
    expect(isOpen(fec)).toEqual([false, false])
    fec.poll(10, true, false, 0)
    expect(isOpen(fec)).toEqual([true, true])
    expect(fec.warnings).toEqual([])
    const sender = createSocket("udp4")
    const send = (port: number) => new Promise((resolve) => sender.send(Buffer.alloc(100), port, HOST, resolve))
    await send(leg.port + 2)
    expect([socketMemory(fec.column).queued > 0, socketMemory(fec.row).queued > 0]).toEqual([true, false])
    await send(leg.port + 4)
    expect(socketMemory(fec.row).queued).toBeGreaterThan(0)
    sender.close()
    const fds = [fec.column, fec.row]
    fec.poll(20, false, false, 0)
    expect(isOpen(fec)).toEqual([false, false])
    expect(fds.map((fd) => existsSync(`/proc/self/fd/${fd}`))).toEqual([false, false])
  })

  it("gives a port up the moment it is claimed, says so, and takes it back within 5 s of its release", async () => {
    const fec = ports("auto")
    fec.poll(0, true, false, 0)
    registry.claim("0.0.0.0", leg.port + 2, "another input")
    expect(isOpen(fec)).toEqual([false, true])
    const real = await bound(leg.port + 2)
    fec.poll(1 * S, true, false, 0)
    expect(fec.warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^FEC columns on port ${leg.port + 2} cannot be received.*another input uses it.*at least 5 apart`),
      ),
    ])
    await new Promise<void>((resolve) => real.close(() => resolve()))
    registry.release("0.0.0.0", leg.port + 2)
    fec.poll(5.9 * S, true, false, 0)
    expect(isOpen(fec)).toEqual([false, true])
    fec.poll(6 * S, true, false, 0)
    expect(isOpen(fec)).toEqual([true, true])
    expect(fec.warnings).toEqual([])
  })

  it("a port of another program is a warning, tried again every 5 s", async () => {
    const other = await bound(leg.port + 4)
    const fec = ports("auto")
    fec.poll(0, true, false, 0)
    expect(isOpen(fec)).toEqual([true, false])
    expect(fec.warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^FEC rows on port ${leg.port + 4} cannot be received.*EADDRINUSE.*another program`),
      ),
    ])
    await new Promise<void>((resolve) => other.close(() => resolve()))
    fec.poll(4.9 * S, true, false, 0)
    expect(isOpen(fec)).toEqual([true, false])
    fec.poll(5 * S, true, false, 0)
    expect(isOpen(fec)).toEqual([true, true])
    expect(fec.warnings).toEqual([])
  })

  it("a failed attempt leaves nothing lent", async () => {
    const other = await bound(leg.port + 2)
    ports("auto").poll(0, true, false, 0)
    const end = registry.lend(HOST, leg.port + 2, () => {})
    expect(typeof end).toBe("function")
    other.close()
  })

  it.each([65532, 65533, 65534, 65535])("port %i: the ports that do not exist are a warning", (port) => {
    const fec = ports("auto", { ...leg, port })
    fec.poll(0, true, false, 0)
    expect(fec.warnings.filter((w) => /no such port.*up to 65531/.test(w))).toHaveLength(port > 65533 ? 2 : 1)
  })

  it("closes while the leg joins its group again, and opens with the next poll", () => {
    const fec = ports("auto")
    fec.poll(0, true, false, 0)
    fec.suspend()
    expect(isOpen(fec)).toEqual([false, false])
    fec.poll(1, true, false, 0)
    expect(isOpen(fec)).toEqual([true, true])
  })

  it("is turned on and off while it runs", () => {
    const fec = ports("off")
    fec.poll(0, true, true, 0)
    fec.mode = "auto"
    fec.poll(1, true, true, 0)
    expect(isOpen(fec)).toEqual([true, true])
    fec.mode = "off"
    expect(isOpen(fec)).toEqual([false, false])
  })
})

describe("FEC off: the probe", () => {
  /** Polls every 10 ms from `from` to `to` seconds; returns how long the sockets were open, and when they opened. */
  const run = (fec: FecPorts, from: number, to: number, live: boolean, heard = (_atS: number) => 0) => {
    let opened: number | null = null
    let open = 0
    for (let at = from * 100; at < to * 100; at++) {
      fec.poll(at * 1e4, true, live, heard(at / 100))
      if (fec.column < 0 || fec.row < 0) continue
      opened ??= at / 100
      open += 0.01
    }
    return { opened, open: Math.round(open * 100) / 100 }
  }

  it("opens once for 1.5 s when the leg has been live for a second, and finds nothing where nothing comes", () => {
    const fec = ports("off")
    expect(run(fec, 0, 3, false)).toEqual({ opened: null, open: 0 })
    expect(run(fec, 3, 60, true)).toEqual({ opened: 4, open: 1.5 })
    expect(fec.offered).toBe(false)
  })

  it("tells that FEC is offered when packets came during the probe", () => {
    const fec = ports("off")
    run(fec, 0, 10, true, (s) => (s > 2 ? 7 : 0))
    expect(fec.offered).toBe(true)
  })

  it("packets from before do not count", () => {
    const fec = ports("off")
    run(fec, 0, 10, true, () => 500)
    expect(fec.offered).toBe(false)
  })

  it("waits for a second of life without a break", () => {
    const fec = ports("off")
    for (let s = 0; s < 9; s += 1.5) {
      expect(run(fec, s, s + 0.9, true).open).toBe(0)
      expect(run(fec, s + 0.9, s + 1.5, false).open).toBe(0)
    }
    expect(run(fec, 9, 20, true)).toEqual({ opened: 10, open: 1.5 })
  })

  it.each([
    [9.5, null],
    [11, 22],
  ])("after %d s of silence a new probe begins at %s s", (silence, opened) => {
    const fec = ports("off")
    run(fec, 0, 10, true, () => 3)
    run(fec, 10, 10 + silence, false)
    expect(run(fec, 10 + silence, 40, true, (s) => s * 100).opened).toBe(opened)
    expect(fec.offered).toBe(opened !== null)
  })

  it("warns of nothing when a port is taken: nobody asked for FEC", async () => {
    registry.claim(HOST, leg.port + 2, "another input")
    const fec = ports("off")
    run(fec, 0, 2, true)
    expect(isOpen(fec)).toEqual([false, true])
    expect(fec.warnings).toEqual([])
  })
})
