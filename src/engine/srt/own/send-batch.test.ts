import { randomBytes } from "node:crypto"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { afterEach, describe, expect, it } from "vitest"
import { eventually } from "../../../../test/e2e/product.ts"
import * as c from "../../ffi/libc.ts"
import { encodeSockaddr } from "../../ffi/sockaddr.ts"
import { Fences } from "../../system/fences.ts"
import { SrtArena } from "./arena.ts"
import { type Address, addressIn } from "./endpoint.ts"
import { SendBatch } from "./send-batch.ts"
import { streamCipher } from "./stream-cipher.ts"

const packet = new Uint8Array(64)

it("throws away what waits when a fence among it has run out, and sends what comes after", () => {
  const arena = new SrtArena()
  let nowUs = 1000
  const batch = new SendBatch(arena, new Fences(() => nowUs))
  const to = { name: arena.take(16).at, nameLength: 16, segments: true, capture: null }
  // No socket: the kernel refuses each message, which shows that it was handed one.
  const handed = () => batch.figures.calls
  batch.control(to, packet)
  batch.leaveBefore(5000)
  batch.leaveBefore(9000)
  batch.submit()
  expect(handed()).toBe(1)
  batch.control(to, packet)
  batch.leaveBefore(9000)
  batch.leaveBefore(5000)
  nowUs = 5000
  batch.submit()
  expect(handed()).toBe(1)
  // A channel without a fence, and one whose fence is still ahead.
  batch.control(to, packet)
  batch.submit()
  batch.control(to, packet)
  batch.leaveBefore(5001)
  batch.submit()
  expect(handed()).toBe(3)
})

/** Without checksums of UDP the kernel cuts nothing (EINVAL), and sends whole datagrams as ever. */
const SO_NO_CHECK = 11
const HEADER = 16
const FULL = 1316
const PACKETS = 1500

interface Receiver {
  readonly socket: Socket
  readonly heard: Buffer[]
}

describe.each([
  { how: "cut by the kernel", segmenting: true, refused: false, fallbacks: 0 },
  { how: "that the kernel refuses to cut", segmenting: true, refused: true, fallbacks: 2 },
  { how: "never cut", segmenting: false, refused: false, fallbacks: 0 },
])("messages $how", ({ segmenting, refused, fallbacks }) => {
  const cleanup: Array<() => unknown> = []
  afterEach(() => {
    for (const step of cleanup.splice(0).reverse()) step()
  })

  const receiver = async (): Promise<Receiver> => {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 })
    cleanup.push(() => socket.close())
    const heard: Buffer[] = []
    socket.on("message", (bytes) => heard.push(bytes))
    socket.bind(0, "127.0.0.1")
    await once(socket, "listening")
    return { socket, heard }
  }

  it("arrive whole and in their order at each destination, whatever stands in a batch", async () => {
    const arena = new SrtArena(64 << 20)
    const batch = new SendBatch(arena, new Fences(() => 0), segmenting)
    const fd = c.libc.socket(c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
    cleanup.push(() => c.libc.close(fd))
    const on = new Uint8Array(Int32Array.of(1).buffer)
    if (refused) expect(c.libc.setsockopt(fd, c.SOL_SOCKET, SO_NO_CHECK, on, 4)).toBe(0)
    batch.use(fd)
    const receivers = [await receiver(), await receiver()]
    const addresses = receivers.map(({ socket }): Address => {
      const { port } = socket.address()
      return addressIn(arena, encodeSockaddr("127.0.0.1", port))
    })
    const cipher = streamCipher(arena, randomBytes(16), randomBytes(16))
    const memory = arena.take(PACKETS * (HEADER + FULL)).at
    arena.bytes.set(randomBytes(PACKETS * (HEADER + FULL)), memory)
    const expected: Array<Array<Buffer | number>> = [[], []]
    let seed = 1
    for (let n = 0; n < PACKETS; n++) {
      // Runs of one destination, with a short packet, a control packet and an encrypted one now and then.
      seed = (seed * 48_271) % 2_147_483_647
      const which = n % 97 < seed % 60 ? 0 : 1
      const [to, told] = [addresses[which], expected[which]]
      if (to === undefined || told === undefined) throw new Error("there are two destinations")
      const header = memory + n * (HEADER + FULL)
      arena.view.setUint32(header, n)
      const length = n % 41 === 0 ? 188 : FULL
      if (n % 53 === 0) {
        const control = Buffer.from(arena.bytes.slice(header, header + 20))
        batch.control(to, control)
        told.push(control)
      } else if (n % 7 === 0) {
        batch.sealed(to, cipher, header, header + HEADER, length)
        told.push(n)
      } else {
        batch.data(to, header, header + HEADER, length)
        told.push(Buffer.from(arena.bytes.slice(header, header + HEADER + length)))
      }
      if (n % 400 === 399) {
        batch.submit()
        await eventually(
          "the receivers have it",
          () => receivers.every(({ heard }, i) => heard.length === expected[i]?.length) || null,
        )
      }
    }
    batch.submit()
    await eventually(
      "the receivers have all",
      () => receivers.every(({ heard }, i) => heard.length === expected[i]?.length) || null,
    )
    for (const [i, { heard }] of receivers.entries())
      for (const [k, bytes] of heard.entries()) {
        const told = expected[i]?.[k]
        const isRight = typeof told === "number" ? bytes.readUInt32BE(0) === told : told?.equals(bytes)
        if (isRight !== true) throw new Error(`datagram ${k} of destination ${i} is another one`)
      }
    const { figures } = batch
    expect(figures).toMatchObject({ packets: PACKETS, full: 0, refused: 0, fallbacks })
    if (!segmenting) expect(figures.messages).toBe(PACKETS)
    else if (!refused) expect(figures.messages).toBeLessThan(PACKETS / 2)
    // From the second batch on nothing is tried any more that the kernel has refused.
    expect(addresses.map(({ segments }) => segments)).toEqual([!refused, !refused])
    expect(figures.lastErrno).toBe(refused ? c.EINVAL : 0)
    cipher.close()
  })
})
