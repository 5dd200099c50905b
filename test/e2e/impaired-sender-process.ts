/**
 * Sends a file of timed datagrams, of any number of legs, from one thread that sleeps to absolute deadlines. It is the
 * process of `impaired-sender.ts`. It prints a line when it starts, and a report as JSON at the end or on SIGTERM.
 *
 * The file has a u32 with the length of the header, the header (`ScheduleHeader` as JSON), and the datagrams one after
 * the other.
 */
import { readdirSync, readFileSync, writeSync } from "node:fs"
import { setPriority } from "node:os"
import koffi from "koffi"
import {
  createArena,
  EAGAIN,
  errno,
  IOVEC_SIZE,
  libc,
  MMSGHDR_SIZE,
  monotonicNs,
  SO_SNDBUF,
  SOL_SOCKET,
  setInt,
  sleepUntilNs,
  sockaddrIn,
  systemError,
  udpSocket,
  writeU64,
} from "../../load-tests/lib/native.ts"
import type { ScheduleHeader, SendReport } from "./impaired-sender.ts"

/** Longest time in ns for which the thread sleeps without looking at signals. */
const YIELD_NS = 20e6
/** Time in ns from reading the file to the first datagram. */
const LEAD_NS = 20e6
const ADDRESS_SIZE = 16

const [path = ""] = process.argv.slice(2)
const file = readFileSync(path)
const headerLength = file.readUInt32LE(0)
const header = JSON.parse(file.toString("utf8", 4, 4 + headerLength)) as ScheduleHeader
const { targets } = header
const us = Float64Array.from(header.us)
const leg = Uint32Array.from(header.leg)
const length = Uint32Array.from(header.length)
const data = file.subarray(4 + headerLength)

// On a busy machine only real-time threads keep their pace, the collector's included; they sleep nearly all of the
// time. Without the right to real-time threads, the process takes a better priority. Without that right too, its pace
// is only as good as the machine is idle.
const SCHED_FIFO = 1
const setScheduler = koffi.load("libc.so.6").func("sched_setscheduler", "int", ["int", "int", "void *"])
const threads = readdirSync("/proc/self/task").map(Number)
if (!threads.every((thread) => setScheduler(thread, SCHED_FIFO, new Uint8Array(Int32Array.of(1).buffer)) === 0)) {
  try {
    setPriority(-10)
  } catch {
    // The better priority is not allowed either.
  }
}

const addresses = MMSGHDR_SIZE + IOVEC_SIZE
const payloads = addresses + targets.length * ADDRESS_SIZE
const arena = createArena(payloads + data.length)
arena.bytes.set(data, payloads)
for (const [i, { host, port }] of targets.entries())
  arena.bytes.set(sockaddrIn(host, port), addresses + i * ADDRESS_SIZE)
writeU64(arena.words, 16, arena.address + MMSGHDR_SIZE)
writeU64(arena.words, 24, 1)
arena.words[2] = ADDRESS_SIZE
// Each leg has its own source port, as two encoders have: raw UDP senders are told apart by it.
const sockets = targets.map(() => {
  const fd = udpSocket()
  setInt(fd, SOL_SOCKET, SO_SNDBUF, 4 << 20)
  return fd
})

const sent = targets.map(() => 0)
const lateNs = new Float64Array(us.length)
let next = 0
let offset = payloads

/** Sends the next datagram; waits when the socket is full, so that the order stays. */
const send = (): void => {
  const to = leg[next] ?? 0
  const size = length[next] ?? 0
  writeU64(arena.words, 0, arena.address + addresses + to * ADDRESS_SIZE)
  writeU64(arena.words, MMSGHDR_SIZE, arena.address + offset)
  writeU64(arena.words, MMSGHDR_SIZE + 8, size)
  while (libc.sendmmsg(sockets[to], arena.address, 1, 0) !== 1) {
    if (errno() !== EAGAIN) throw systemError("sendmmsg")
    sleepUntilNs(monotonicNs() + 100_000)
  }
  sent[to] = (sent[to] ?? 0) + 1
  offset += size
  next += 1
}

let stopped = false
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => (stopped = true))

const startNs = monotonicNs() + LEAD_NS
writeSync(1, "started\n")
while (!stopped && next < us.length) {
  const yieldNs = monotonicNs() + YIELD_NS
  for (;;) {
    const dueNs = startNs + (us[next] ?? 0) * 1000
    if (next >= us.length || dueNs >= yieldNs) break
    if (monotonicNs() < dueNs) sleepUntilNs(dueNs)
    lateNs[next] = monotonicNs() - dueNs
    send()
  }
  if (next < us.length) sleepUntilNs(Math.min(yieldNs, startNs + (us[next] ?? 0) * 1000))
  await new Promise((resolve) => setImmediate(resolve))
}
for (const fd of sockets) libc.close(fd)

const lateOfLegs: number[][] = targets.map(() => [])
for (let i = 0; i < next; i++) lateOfLegs[leg[i] ?? 0]?.push(Math.round((lateNs[i] ?? 0) / 1000))
const late = lateNs.subarray(0, next).sort()
const lateUs = (share: number) => Math.round((late[Math.floor((late.length - 1) * share)] ?? 0) / 1000)
const report: SendReport = {
  sent,
  late_us: lateOfLegs,
  late_p50_us: lateUs(0.5),
  late_p99_us: lateUs(0.99),
  late_max_us: lateUs(1),
}
writeSync(1, `${JSON.stringify(report)}\n`)
