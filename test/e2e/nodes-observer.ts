/**
 * Sends programmes to multicast groups and watches what nodes send of them, in a process of its own: who sends which
 * channel, for how long nobody does, and whether two ever did. Commands come as NDJSON on stdin, and each is answered by
 * a line. The process ends with its stdin. See `nodes-stage.ts`.
 */
import { createSocket } from "node:dgram"
import { createInterface } from "node:readline"
import { numberedTs } from "./datagrams.ts"

const EVERY_MS = 20
const PACKETS = 7
const TICK_MS = 10

export interface ObserverSettings {
  /** Address of the interface on which the groups are. */
  readonly via: string
  readonly channels: ReadonlyArray<{ readonly group: string; readonly port: number; readonly output: number }>
}

/** What was seen of one channel since a mark. */
export interface Seen {
  /** Longest time in ms in which nothing came, the time until now included. */
  readonly gapMs: number
  readonly datagrams: number
  /** Sources that began to send, in their order: `address:port`. */
  readonly sources: ReadonlyArray<string>
  /** TS packets that came twice, and datagrams of a source after another one had begun. */
  readonly doubles: number
}

export interface Report {
  readonly channels: ReadonlyArray<Seen>
  /** Longest time in ms for which this process itself stood still: nothing can be seen more exactly. */
  readonly stoodStillMs: number
}

interface Watched {
  lastMs: number
  gapMs: number
  datagrams: number
  /** The present source; it survives marks. */
  source: string
  readonly past: Set<string>
  sources: string[]
  doubles: number
  last: number
}

const fresh = (nowMs: number): Watched => ({
  lastMs: nowMs,
  gapMs: 0,
  datagrams: 0,
  source: "",
  past: new Set(),
  sources: [],
  doubles: 0,
  last: -1,
})

const see = (watched: Watched, source: string, datagram: Buffer): void => {
  const nowMs = performance.now()
  watched.gapMs = Math.max(watched.gapMs, nowMs - watched.lastMs)
  watched.lastMs = nowMs
  watched.datagrams++
  if (source !== watched.source) {
    if (watched.past.has(source)) watched.doubles++
    else watched.sources.push(source)
    if (watched.source !== "") watched.past.add(watched.source)
    watched.source = source
  }
  for (let at = 0; at + 188 <= datagram.length; at += 188) {
    // Null packets and those that signal a switch carry no number.
    if ((datagram.readUInt16BE(at + 1) & 0x1fff) !== 0x100 || (datagram.readUInt8(at + 3) & 0x10) === 0) continue
    const number = datagram.readUInt32BE(at + 4)
    if (number <= watched.last) watched.doubles++
    watched.last = Math.max(watched.last, number)
  }
}

const settings = JSON.parse(process.argv[2] ?? "") as ObserverSettings
let watched = settings.channels.map(() => fresh(performance.now()))
let stoodStillMs = 0
let tickMs = performance.now()
setInterval(() => {
  const nowMs = performance.now()
  stoodStillMs = Math.max(stoodStillMs, nowMs - tickMs - TICK_MS)
  tickMs = nowMs
}, TICK_MS)

const sender = createSocket("udp4")
await new Promise<void>((resolve) => sender.bind(0, settings.via, resolve))
sender.on("error", () => undefined)
sender.setMulticastInterface(settings.via)
sender.setMulticastLoopback(true)
for (const [index, { output }] of settings.channels.entries()) {
  const socket = createSocket({ type: "udp4", recvBufferSize: 4_000_000 })
  socket.on("message", (datagram, { address, port }) => {
    const one = watched[index]
    if (one !== undefined) see(one, `${address}:${port}`, datagram)
  })
  await new Promise<void>((resolve) => socket.bind(output, settings.via, resolve))
}

const startMs = performance.now()
let sent = 0
setInterval(() => {
  for (; sent * EVERY_MS < performance.now() - startMs; sent++) {
    const datagram = numberedTs(PACKETS, sent * PACKETS)
    for (const { group, port } of settings.channels) sender.send(datagram, port, group)
  }
}, EVERY_MS / 2)

const mark = (): void => {
  const nowMs = performance.now()
  stoodStillMs = 0
  watched = watched.map(({ last, past, source }) => ({ ...fresh(nowMs), last, past, source }))
}
const report = (): Report => {
  const nowMs = performance.now()
  return {
    stoodStillMs,
    channels: watched.map(({ datagrams, doubles, gapMs, lastMs, sources }) => ({
      gapMs: Math.max(gapMs, nowMs - lastMs),
      datagrams,
      sources,
      doubles,
    })),
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (line === "mark") mark()
    process.stdout.write(`${JSON.stringify(report())}\n`)
  })
  .on("close", () => process.exit())
