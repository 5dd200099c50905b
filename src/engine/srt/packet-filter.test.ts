import { createSocket, type Socket } from "node:dgram"
import { describe, expect, it } from "vitest"
import {
  CONCLUSION,
  controlPacket,
  EXT_CONGESTION,
  EXT_HSREQ,
  EXT_HSRSP,
  EXT_KMREQ,
  EXT_SID,
  FLAG_CONFIG,
  FLAG_HSREQ,
  FLAG_KMREQ,
  type Handshake,
  hsreq,
  INDUCTION,
  packHandshake,
  packText,
} from "../../../test/e2e/srt-wire.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import {
  type Admission,
  attachFilter,
  type FilterRole,
  filterPackets,
  packetFilter,
  stillOn,
  udpSocketsOn,
  WINDOW_MAX,
} from "./packet-filter.ts"

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
    for (const packet of sent)
      await new Promise((resolve) => sender.send(Buffer.from(packet, "hex"), port, target, resolve))
    await expect.poll(() => got.at(-1), { timeout: 2000 }).toBe(header("ffff"))
    // Packets that are too short for a type, and handshakes without their fields, are dropped too.
    expect(got).toEqual(sent.filter((packet) => !/^800[07]/.test(packet) && packet.length > 2))
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

/** Returns which of the packets, each from its own source, a socket with this filter gets. */
const passing = async (
  packets: ReadonlyArray<Uint8Array>,
  role: FilterRole,
  admission: Admission = "all",
  froms: ReadonlyArray<string> = ["127.0.0.1"],
): Promise<ReadonlyArray<number>> => {
  const host = froms[0]?.includes(":") === true ? "::1" : "127.0.0.1"
  const type = host === "::1" ? "udp6" : "udp4"
  const socket = await bound(type, host)
  const got: number[] = []
  const { port } = socket.address()
  const senders = await Promise.all(packets.map((_, i) => bound(type, froms[i % froms.length] ?? host)))
  const ends = await bound(type, host)
  const numbers = new Map(senders.map((s, i) => [`${s.address().address} ${s.address().port}`, i]))
  const over = new Promise<void>((resolve) =>
    socket.on("message", (_, from) => {
      const number = numbers.get(`${from.address} ${from.port}`)
      if (number === undefined) resolve()
      else got.push(number)
    }),
  )
  expect(attachFilter(udpSocketsOn(encodeSockaddr(host, port)), packetFilter(role, admission))).toBe(1)
  for (const [i, packet] of packets.entries())
    await new Promise((resolve) => senders[i]?.send(packet, port, host, resolve))
  await new Promise((resolve) => ends.send(controlPacket(1, 0, new Uint8Array(4)), port, host, resolve))
  await over
  for (const one of [socket, ends, ...senders]) one.close()
  return got
}

const HS = { type: EXT_HSREQ, body: hsreq() }
const conclusion = (fields: Partial<Handshake> = {}, destination = 0) =>
  packHandshake(destination, { type: CONCLUSION, extensionField: FLAG_HSREQ, extensions: [HS], cookie: 1, ...fields })
const withConfig = (...more: ReadonlyArray<Handshake["extensions"][number]>) =>
  conclusion({ extensionField: FLAG_HSREQ | FLAG_KMREQ | FLAG_CONFIG, extensions: [HS, ...more] })

const SOUND: ReadonlyArray<readonly [string, Uint8Array]> = [
  ["the induction of libsrt", packHandshake(0, { version: 4, extensionField: 2, type: INDUCTION })],
  ["a conclusion", conclusion()],
  ["a conclusion of version 4", conclusion({ version: 4, extensionField: 1, extensions: [] })],
  [
    "every extension libsrt has",
    withConfig(
      { type: EXT_KMREQ, body: Buffer.alloc(72, 1) },
      { type: EXT_SID, body: packText("#!::r=live/one,m=request".repeat(20)) },
      { type: EXT_CONGESTION, body: packText("live") },
      { type: 7, body: packText("fec,cols:10,rows:5") },
      { type: 8, body: Buffer.alloc(8) },
    ),
  ],
  ["an extension without words", withConfig({ type: EXT_SID, body: Buffer.alloc(0) })],
  ["AES-256", conclusion({ encryption: 4 })],
  ["the default window of libsrt", conclusion({ window: 25_600 })],
  ["the largest window", conclusion({ window: WINDOW_MAX })],
  ["the smallest MSS", conclusion({ mtu: 232 })],
  ["a jumbo MSS", conclusion({ mtu: 9000 })],
  ["data", Buffer.alloc(40, 1)],
  ["an acknowledgement", controlPacket(2, 5, Buffer.alloc(28))],
]
const MALFORMED: ReadonlyArray<readonly [string, Uint8Array]> = [
  ["cut short", conclusion().subarray(0, 60)],
  ["no whole number of words", Buffer.concat([conclusion(), Buffer.alloc(1)])],
  ["version 3", conclusion({ version: 3 })],
  ["version 6", conclusion({ version: 6 })],
  ["no window", conclusion({ window: 0 })],
  ["a window above the largest", conclusion({ window: WINDOW_MAX + 1 })],
  ["a window of 2^31", conclusion({ window: 2 ** 31 })],
  ["a window of 2^32 - 1", conclusion({ window: 0xffffffff })],
  ["a window in a conclusion of version 4", conclusion({ version: 4, extensions: [], window: 0x400_0000 })],
  ["a MSS without room for a TS packet", conclusion({ mtu: 231 })],
  ["no extension", conclusion({ extensions: [] })],
  ["an extension that goes on behind the end", withConfig({ type: EXT_SID, body: packText("x"), claimedWords: 2 })],
  ["an extension that ends before the end", withConfig({ type: EXT_SID, body: packText("abcdefgh"), claimedWords: 0 })],
  ["a HSREQ of two words", conclusion({ extensions: [{ type: EXT_HSREQ, body: hsreq().subarray(0, 8) }] })],
  ["another extension first", conclusion({ extensions: [{ type: EXT_SID, body: packText("abcdefghijkl") }, HS] })],
  ["a key of 40 bytes", conclusion({ encryption: 5 })],
]

describe("handshakes", () => {
  it.each(SOUND)("a listener gets %s", async (_, packet) => {
    expect(await passing([packet], "listener")).toEqual([0])
  })

  it.each(MALFORMED)("neither a listener nor a caller gets one with %s", async (_, packet) => {
    expect(await passing([packet], "listener")).toEqual([])
    expect(await passing([packet], "caller")).toEqual([])
  })

  it.each([0, 2, 1002, 0x7fffffff, 0x80000000, 0xfffffffe])(
    "a listener gets no handshake of type %i from a stranger",
    async (type) => {
      expect(await passing([conclusion({ type })], "listener")).toEqual([])
    },
  )

  it("a caller gets answers of every kind: to its induction, to its conclusion, refusals as they come, and what rendezvous needs", async () => {
    const response = { type: EXT_HSRSP, body: hsreq() }
    const answers = [
      packHandshake(7, { type: INDUCTION, extensionField: 0x4a17, window: 0 }),
      conclusion({ extensions: [response] }, 7),
      packHandshake(7, { type: 1010, window: 0, mtu: 0, version: 0 }),
      packHandshake(0, { type: 0 }),
      packHandshake(7, { type: 0xfffffffe }),
    ]
    expect(await passing(answers, "caller")).toEqual([0, 1, 2, 3, 4])
  })
})

describe("admission", () => {
  const sources = Array.from({ length: 200 }, (_, i) => `127.0.1.${i + 1}`)
  const packets = sources.map(() => conclusion())

  it("none: nobody new, but whoever has a socket here", async () => {
    expect(
      await passing(
        [conclusion(), packHandshake(0, { version: 4, type: INDUCTION }), conclusion({}, 99)],
        "listener",
        "none",
      ),
    ).toEqual([2])
  })

  it("with a salt: about a quarter of all sources, always the same ones, and others with another salt", async () => {
    const first = await passing(packets, "listener", { salt: 0x9e3779b1 }, sources)
    expect(first.length).toBeGreaterThan(20)
    expect(first.length).toBeLessThan(90)
    expect(await passing(packets, "listener", { salt: 0x9e3779b1 }, sources)).toEqual(first)
    expect(await passing(packets, "listener", { salt: 0x85ebca6b }, sources)).not.toEqual(first)
  })

  it("with any salt: neighbours neither all together nor all left out", async () => {
    // Those nearest to 0 change the least from one address to the next when they are multiplied by.
    for (const salt of [1, 3, 0x00800001, 0x40000001, 0x80000001, 0xff800001, 0xffffffff]) {
      const got = await passing(packets.slice(0, 96), "listener", { salt }, sources)
      expect(got.length, `salt ${salt}`).toBeGreaterThan(6)
      expect(got.length, `salt ${salt}`).toBeLessThan(60)
    }
  })

  it("all ports of a source share its turn, by IPv4 and IPv6", async () => {
    for (const from of ["127.0.0.1", "::1"]) {
      const turns = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          passing(packets.slice(0, 3), "listener", { salt: (Math.imul(i + 1, 0x9e3779b1) >>> 0) | 1 }, [from]),
        ),
      )
      expect(turns.every((got) => got.length === 0 || got.length === 3)).toBe(true)
      expect(turns.some((got) => got.length === 3)).toBe(true)
      expect(turns.some((got) => got.length === 0)).toBe(true)
    }
  })

  it("leaves a descriptor alone that is another socket's by now", async () => {
    const socket = await bound("udp4", "127.0.0.1")
    const address = encodeSockaddr("127.0.0.1", socket.address().port)
    const fds = udpSocketsOn(address)
    expect(stillOn(fds, address)).toEqual(fds)
    await new Promise<void>((resolve) => socket.close(() => resolve()))
    const other = await bound("udp4", "127.0.0.1")
    expect(stillOn(fds, address)).toEqual([])
    other.close()
  })
})
