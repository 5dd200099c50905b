/**
 * Storms an SRT listener with handshakes, as quickly as one process can send them: `bun handshake-storm.ts PORT SECONDS
 * PER_SECOND`. Every other one asks for a cookie, which the listener answers; the rest are conclusions with a cookie
 * that nobody gave out. They come from eight ports of 127.0.0.1. Prints `{ sent, seconds }` at the end.
 */
import {
  AF_INET,
  createArena,
  IOVEC_SIZE,
  libc,
  MMSGHDR_SIZE,
  sockaddrIn,
  systemError,
  writeU64,
} from "../../load-tests/lib/native.ts"
import { CONCLUSION, EXT_HSREQ, FLAG_HSREQ, hsreq, INDUCTION, packHandshake } from "./srt-wire.ts"

const [port = 0, seconds = 1, perSecond = 1000] = process.argv.slice(2, 5).map(Number)
const SOCKETS = 8
const SOCK_DGRAM = 2
/** Handshakes of a message, which the kernel cuts into datagrams (UDP_SEGMENT, udp(7)). */
const SEGMENTS = 64
const SOL_UDP = 17
const UDP_SEGMENT = 103
const CMSG = 32
const CMSG_LENGTH = 24

const inductions = Array.from({ length: SEGMENTS }, (_, i) =>
  packHandshake(0, { version: 4, extensionField: 2, type: INDUCTION, socketId: 0x30000000 + i }),
)
const conclusions = Array.from({ length: SEGMENTS }, (_, i) =>
  packHandshake(0, {
    type: CONCLUSION,
    cookie: 0x1234567 + i,
    socketId: 0x31000000 + i,
    extensionField: FLAG_HSREQ,
    extensions: [{ type: EXT_HSREQ, body: hsreq() }],
  }),
)
const messages = [inductions, conclusions].map((packets) => ({
  size: packets[0]?.length ?? 0,
  bytes: Buffer.concat(packets),
}))
const HANDSHAKES = messages.length * SEGMENTS

const arena = createArena(65_536)
const { address, bytes, words } = arena
const name = messages.length * MMSGHDR_SIZE
const iovs = name + 64
const cmsgs = iovs + messages.length * IOVEC_SIZE
let data = cmsgs + messages.length * CMSG
const to = sockaddrIn("127.0.0.1", port)
bytes.set(to, name)
for (const [i, message] of messages.entries()) {
  const [header, iov, cmsg] = [i * MMSGHDR_SIZE, iovs + i * IOVEC_SIZE, cmsgs + i * CMSG]
  bytes.set(message.bytes, data)
  writeU64(words, iov, address + data)
  writeU64(words, iov + 8, message.bytes.length)
  data += message.bytes.length
  writeU64(words, cmsg, 18)
  words[(cmsg + 8) >> 2] = SOL_UDP
  words[(cmsg + 12) >> 2] = UDP_SEGMENT
  words[(cmsg + 16) >> 2] = message.size
  writeU64(words, header, address + name)
  words[(header + 8) >> 2] = to.length
  writeU64(words, header + 16, address + iov)
  writeU64(words, header + 24, 1)
  writeU64(words, header + 32, address + cmsg)
  writeU64(words, header + 40, CMSG_LENGTH)
}

const sockets = Array.from({ length: SOCKETS }, () => {
  const fd = libc.socket(AF_INET, SOCK_DGRAM, 0)
  if (fd < 0) throw systemError("socket")
  return fd
})

let sent = 0
const startedMs = performance.now()
for (let turn = 0; ; turn++) {
  const elapsed = (performance.now() - startedMs) / 1000
  if (elapsed >= seconds) break
  if (Math.floor(elapsed * perSecond) - sent < HANDSHAKES) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    continue
  }
  // Through the arena, which would be freed were this the last that knows of it.
  const count = libc.sendmmsg(sockets[turn % SOCKETS] ?? -1, arena.address, messages.length, 0)
  if (count < 0) throw systemError("sendmmsg")
  sent += count * SEGMENTS
}
process.stdout.write(JSON.stringify({ sent, seconds: (performance.now() - startedMs) / 1000 }))
for (const fd of sockets) libc.close(fd)
