import { createSocket, type Socket } from "node:dgram"
import { describe, expect, it } from "vitest"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import { filterPackets } from "./packet-filter.ts"

const bound = (type: "udp4" | "udp6", host: string) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = createSocket(type)
    socket.once("error", reject)
    socket.bind(0, host, () => resolve(socket))
  })

describe("filterPackets", () => {
  it.each([
    ["udp4", "127.0.0.1", "127.0.0.1"],
    ["udp4", "0.0.0.0", "127.0.0.1"],
    ["udp6", "::1", "::1"],
  ] as const)("row 31: a %s socket on %s gets everything but DROPREQ", async (type, host, target) => {
    const socket = await bound(type, host)
    const sender = await bound(type, target)
    const got: string[] = []
    socket.on("message", (data) => got.push(data.toString("hex")))
    const { port } = socket.address()
    expect(filterPackets(encodeSockaddr(host, port), "caller")).toBe(1)
    const header = (first: string) => `${first}0000000000000000000000000000`
    const sent = [
      header("8000"),
      header("8007"),
      header("8006"),
      header("0007"),
      `${header("8007")}0000000100000002`,
      "80",
      header("8008"),
      header("ffff"),
    ]
    for (const packet of sent) await new Promise((resolve) => sender.send(Buffer.from(packet, "hex"), port, target, resolve))
    await expect.poll(() => got.at(-1), { timeout: 2000 }).toBe(header("ffff"))
    // Too short for a type: dropped too.
    expect(got).toEqual(sent.filter((packet) => !packet.startsWith("8007") && packet.length > 2))
    socket.close()
    sender.close()
  })

  it("leaves sockets on other addresses alone, and is content with none", async () => {
    const socket = await bound("udp4", "127.0.0.1")
    expect(filterPackets(encodeSockaddr("127.0.0.2", socket.address().port), "caller")).toBe(0)
    expect(filterPackets(encodeSockaddr("0.0.0.0", socket.address().port), "caller")).toBe(0)
    socket.close()
  })
})
