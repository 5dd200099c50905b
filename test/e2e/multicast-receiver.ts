/**
 * Receives a leg's multicast group until it is killed: `multicast-receiver.ts LEG_SPEC_JSON [unwatched]`. Prints a line
 * of JSON (ReceiverLine) every 50 ms.
 */
import { readSync } from "node:fs"
import { monotonicUs } from "../../src/engine/ffi/clock.ts"
import { openInputSocket } from "../../src/engine/inputs/input-socket.ts"
import { MulticastWatch } from "../../src/engine/inputs/multicast-watch.ts"
import type { LegSpec } from "../../src/engine/protocol/messages.ts"

export interface ReceiverLine {
  /** Numbers of datagrams since the start, by SSRC. */
  readonly received: Readonly<Record<number, number>>
  readonly reports: ReadonlyArray<{ readonly kind: string; readonly message: string }>
  readonly warning: string | null
}

const TICK_MS = 50
/** Interval of the checks in us; the engine has the same. */
const CHECK_US = 1e6
const spec = JSON.parse(process.argv[2] ?? "") as LegSpec
const watching = process.argv[3] !== "unwatched"
const socket = openInputSocket(spec)
const watch = watching ? MulticastWatch.of(socket, spec, monotonicUs()) : null
const datagram = Buffer.alloc(2048)
const received: Record<number, number> = {}
const reports: Array<{ kind: string; message: string }> = []
let lastRxUs = 0
let nextCheckUs = 0

/** Reads one datagram; returns false when none waits. */
const readOne = (): boolean => {
  try {
    readSync(socket.fd, datagram)
  } catch {
    return false
  }
  const ssrc = datagram.readUInt32BE(8)
  received[ssrc] = (received[ssrc] ?? 0) + 1
  lastRxUs = monotonicUs()
  return true
}

setInterval(() => {
  while (readOne());
  const nowUs = monotonicUs()
  if (nowUs >= nextCheckUs) {
    nextCheckUs = nowUs + CHECK_US
    const report = watch?.check(nowUs, lastRxUs) ?? null
    if (report !== null) reports.push(report)
  }
  const line: ReceiverLine = { received, reports, warning: watch?.warning ?? null }
  console.log(JSON.stringify(line))
}, TICK_MS)
