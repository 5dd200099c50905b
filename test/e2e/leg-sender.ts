/**
 * Encoders in a process of their own: any number of programmes, each sent to any number of legs at its real pace, and
 * each leg healthy or ill in its own way. Commands come as NDJSON on stdin, and each is answered by a line. The process
 * ends with its stdin. See `channel-feed.ts`.
 */
import { createSocket, type Socket } from "node:dgram"
import { createInterface } from "node:readline"
import {
  BATCH_BYTES,
  createTestProgramme,
  type TestProgramme,
  type TestProgrammeOptions,
} from "../../src/test-source/test-programme.ts"
import type { FeedCommand, LegIllness, LegOptions } from "./channel-feed.ts"
import { inflict, signals } from "./leg-illness.ts"
import { rtpHeader } from "./send-ts.ts"

const PUMP_MS = 3
/** Longest hold-up in us after which the process still sends what it missed, in one burst. */
const BEHIND_MAX_US = 200_000

interface Running {
  readonly source: TestProgramme
  /** Monotonic microseconds at which the programme's time is 0. */
  startUs: number
  readonly batch: Uint8Array
}

interface Leg {
  readonly socket: Socket
  readonly port: number
  readonly rtp: boolean
  programme: string
  illness: LegIllness
  ssrc: number
  sequence: number
  /** Whether the discontinuity is signalled before the next datagram. */
  flagged: boolean
  /** Time before which nothing is sent, in monotonic microseconds. */
  notBeforeUs: number
  sent: number
}

const programmes = new Map<string, Running>()
const legs = new Map<string, Leg>()
const nowUs = () => performance.now() * 1000
/** Time at which the programmes began, in monotonic microseconds; they run side by side. */
let epochUs = nowUs()
const timeOf = ({ source, startUs }: Running) => startUs + source.timeUs

const open = async ({
  from,
  programme,
  port,
  rtp = true,
  ssrc,
  sequence = 0,
  illness = "none",
}: LegOptions): Promise<Leg> => {
  const socket = createSocket("udp4")
  // It is the receiver's affair when nobody listens.
  socket.on("error", () => undefined)
  await new Promise<void>((resolve) => socket.bind(0, from ?? "127.0.0.1", resolve))
  return { socket, port, rtp, programme, illness, ssrc, sequence, flagged: false, notBeforeUs: 0, sent: 0 }
}

const transmit = (leg: Leg, payload: Uint8Array, elapsedUs: number): void => {
  const timestamp = Math.floor((elapsedUs * 9) / 100) % 2 ** 32
  const datagram = leg.rtp
    ? Buffer.concat([rtpHeader(leg.sequence, timestamp, leg.ssrc), payload])
    : Buffer.from(payload)
  leg.sequence = (leg.sequence + 1) & 0xffff
  leg.sent++
  leg.socket.send(datagram, leg.port, "127.0.0.1", () => undefined)
}

const sendTo = (leg: Leg, batch: Uint8Array, elapsedUs: number): void => {
  if (nowUs() < leg.notBeforeUs) return
  if (leg.flagged) {
    transmit(leg, signals(), elapsedUs)
    leg.illness = "flagged_start"
    leg.flagged = false
  }
  const payload = inflict(leg.illness, batch)
  if (leg.illness === "flagged_start") leg.illness = "none"
  // A datagram that the network swallows has a sequence number too.
  if (payload === null) leg.sequence = (leg.sequence + 1) & 0xffff
  else transmit(leg, payload, elapsedUs)
}

/** Skips what was missed instead of sending it in one burst; all programmes stay side by side. */
const catchUp = (now: number): void => {
  const behind = Math.max(0, ...[...programmes.values()].map((running) => now - timeOf(running)))
  if (behind < BEHIND_MAX_US) return
  for (const running of programmes.values()) running.startUs += behind
  epochUs += behind
}

const pump = (): void => {
  const now = nowUs()
  catchUp(now)
  for (const [id, running] of programmes) {
    while (timeOf(running) <= now) {
      for (const leg of legs.values()) if (leg.programme === id) sendTo(leg, running.batch, running.source.timeUs)
      running.source.writeNext(running.batch, 0)
    }
  }
}

/** Starts a programme whose time is 0 at `startUs`. */
const begin = (id: string, options: TestProgrammeOptions, startUs: number): Running => {
  const source = createTestProgramme(options)
  const running = { source, startUs, batch: new Uint8Array(BATCH_BYTES) }
  source.writeNext(running.batch, 0)
  programmes.set(id, running)
  return running
}

/** Passes over what would have been sent by now. */
const join = (running: Running): void => {
  while (timeOf(running) < nowUs()) running.source.writeNext(running.batch, 0)
}

const legOf = (id: string): Leg => {
  const leg = legs.get(id)
  if (leg === undefined) throw new Error(`no leg ${id}`)
  return leg
}

const obey = async (command: FeedCommand): Promise<number> => {
  switch (command.cmd) {
    case "programme":
      join(begin(command.id, command.options, epochUs - (command.skipSeconds ?? 0) * 1e6))
      return 0
    case "elapsed": {
      const running = programmes.get(command.id)
      if (running === undefined) throw new Error(`no programme ${command.id}`)
      return nowUs() - running.startUs
    }
    case "leg":
      legs.set(command.id, await open(command.options))
      return 0
    case "illness":
      legOf(command.id).illness = command.illness
      return legOf(command.id).sent
    case "restart": {
      const { flagged = false, id, pauseMs = 0, ...identity } = command
      // The new programme begins with its first packet when the pause is over.
      const startUs = nowUs() + pauseMs * 1000
      begin(identity.identity.programme, command.options, startUs)
      Object.assign(legOf(id), identity.identity, { flagged, notBeforeUs: startUs })
      return legOf(id).sent
    }
    case "sent":
      return legOf(command.id).sent
    case "end":
      legOf(command.id).socket.close()
      legs.delete(command.id)
      return 0
  }
}

const answer = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { re, ...command } = JSON.parse(line) as FeedCommand & { re: number }
    obey(command as FeedCommand).then(
      (value) => answer({ re, value }),
      (cause) => answer({ re, error: String(cause) }),
    )
  })
  .on("close", () => process.exit(0))
setInterval(pump, PUMP_MS)
