import { createSocket } from "node:dgram"
import { afterEach, describe, expect, it, vi } from "vitest"
import { freeUdpPort } from "../../../test/e2e/ports.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { ListenerPorts } from "./listener-ports.ts"

const refusal = (claim: () => void) => {
  try {
    claim()
    return null
  } catch (cause) {
    return cause instanceof SetupFailure ? cause.reason : null
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe("ListenerPorts", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "0.0.0.0"],
  ])(
    "row 34: with a listener on %s it refuses %s on the same port, and the first keeps its claim",
    async (first, second) => {
      const port = await freeUdpPort()
      const ports = new ListenerPorts()
      ports.claim(encodeSockaddr(first, port))
      for (let i = 0; i < 3; i++)
        expect(refusal(() => ports.claim(encodeSockaddr(second, port)))).toMatchObject({
          code: "EADDRINUSE",
          message: expect.stringMatching(/another output of this service/),
          transient: false,
        })
    },
  )

  it("takes the same port on two addresses, and other ports", async () => {
    const port = await freeUdpPort()
    const ports = new ListenerPorts()
    ports.claim(encodeSockaddr("127.0.0.1", port))
    ports.claim(encodeSockaddr("127.0.0.2", port))
    ports.claim(encodeSockaddr("0.0.0.0", await freeUdpPort()))
  })

  it("takes an address again that libsrt has not let go yet; an overlapping one has to wait", async () => {
    const port = await freeUdpPort()
    const ports = new ListenerPorts()
    const own = encodeSockaddr("0.0.0.0", port)
    ports.claim(own)
    ports.release(own)
    expect(refusal(() => ports.claim(encodeSockaddr("127.0.0.1", port)))).toMatchObject({
      code: "EADDRINUSE",
      transient: true,
    })
    // Another socket holds the port, as libsrt's multiplexer does for some seconds.
    const holder = createSocket({ type: "udp4", reuseAddr: true })
    await new Promise<void>((resolve) => holder.bind(port, "0.0.0.0", () => resolve()))
    expect(refusal(() => ports.claim(own))).toBeNull()
    holder.close()
  })

  it.each([3_600_000, -3_600_000])("row 36: remembers it when the clock is set by %i ms", async (step) => {
    const port = await freeUdpPort()
    const ports = new ListenerPorts()
    const own = encodeSockaddr("127.0.0.1", port)
    ports.claim(own)
    ports.release(own)
    const holder = createSocket({ type: "udp4", reuseAddr: true })
    await new Promise<void>((resolve) => holder.bind(port, "127.0.0.1", () => resolve()))
    const real = Date.now
    vi.spyOn(Date, "now").mockImplementation(() => real() + step)
    expect(refusal(() => ports.claim(own))).toBeNull()
    holder.close()
  })

  it("forgets it after 10 s: then it is another program's", async () => {
    const holder = createSocket({ type: "udp4", reuseAddr: true })
    await new Promise<void>((resolve) => holder.bind(0, "127.0.0.1", () => resolve()))
    const own = encodeSockaddr("127.0.0.1", holder.address().port)
    const ports = new ListenerPorts()
    ports.release(own)
    const real = performance.now.bind(performance)
    vi.spyOn(performance, "now").mockImplementation(() => real() + 10_500)
    expect(refusal(() => ports.claim(own))).toMatchObject({
      code: "EADDRINUSE",
      message: expect.stringMatching(/another program/),
    })
    holder.close()
  })
})
