/** RTP datagrams that come in any order, and what leaves a leg of them. */
import { choose, feedBatch, readSlot } from "../../../../test/feed-core.ts"
import * as L from "../../assembly/memory/layout.ts"
import { buildRtp } from "../../rtp/header.ts"
import { buildPacket } from "../../ts/packet.ts"
import type { PacketCore } from "../packet-core.ts"
import type { Datagram } from "./reference-datagram.ts"

const SSRC = 7
/** 20 Mbit/s. */
export const RATE = 1900
/** Byte of a leg's private state that counts the datagrams ever held: STATE_SEQ_HELD_EVER. */
const HELD_EVER = L.LEG_FIELDS * 8 + 84

/** Datagram `place` of a source, which goes out as `first` + place. */
export interface Sent {
  readonly source: number
  readonly place: number
  readonly sequence: number
  readonly timestamp: number
  /** Microseconds of silence in front of it. */
  readonly afterUs?: number
}

interface Source {
  readonly source?: number
  readonly first?: number
  readonly timestamp?: number
}

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
export const send = (places: ReadonlyArray<number>, { source = 0, first = 0, timestamp = 0 }: Source = {}): Sent[] =>
  places.map((place) => ({
    source,
    place,
    sequence: (first + place) & 0xffff,
    timestamp: (timestamp + place * 47) >>> 0,
  }))
export const silent = (afterUs: number, [head, ...rest]: ReadonlyArray<Sent>): Sent[] =>
  head === undefined ? [] : [{ ...head, afterUs }, ...rest]

const datagramOf = ({ source, place, sequence, timestamp }: Sent): Uint8Array => {
  const filling = new Uint8Array(184)
  const view = new DataView(filling.buffer)
  for (let at = 0; at < 184; at += 8) {
    view.setUint32(at, source)
    view.setUint32(at + 4, place)
  }
  return buildRtp(
    { sequence, timestamp, ssrc: SSRC },
    buildPacket({ pid: 0x100, continuity_counter: place & 15, payload: filling }),
  )
}

/** Plays datagrams at an even rate; returns what went out, as [source, place]. */
export const play = (
  core: PacketCore,
  sent: ReadonlyArray<Sent>,
  { reorderMs = 50, perSecond = RATE, heldEver = 0, startUs = 10_000_000 } = {},
) => {
  core.resetLeg(0)
  core.resetChannel(0)
  core.takeEvents()
  core.view.setUint32(L.LEGS + HELD_EVER, heldEver, true)
  core.setLegField(0, L.LEG_REORDER_US, reorderMs * 1000)
  core.setLegField(0, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
  choose(core, 0)
  const out: Array<readonly [source: number, place: number]> = []
  const collect = (head: number) => {
    for (let n = head; n !== core.ringHead(0); n = (n + 1) >>> 0) {
      const { payload } = readSlot(core, 0, n)
      const view = new DataView(payload.buffer, payload.byteOffset)
      out.push([view.getUint32(4), view.getUint32(8)])
    }
  }
  let us = startUs
  let nextTickUs = us
  let batch: Datagram[] = []
  const ingest = () => {
    const head = core.ringHead(0)
    if (batch.length > 0) feedBatch(core, batch, 0)
    batch = []
    collect(head)
  }
  const tick = () => {
    const head = core.ringHead(0)
    core.tick(us)
    collect(head)
  }
  for (const each of sent) {
    if (each.afterUs !== undefined) ingest()
    us += each.afterUs ?? 0
    us += 1e6 / perSecond
    if (us >= nextTickUs) {
      ingest()
      tick()
      nextTickUs = us + 10_000
    }
    batch.push({ bytes: datagramOf(each), rx_us: Math.floor(us), ipv4: 0x0a000001, port: 5 })
    if (batch.length === L.RX_BATCH) ingest()
  }
  ingest()
  for (let i = 0; i < 20; i++) {
    us += 100_000
    tick()
  }
  return {
    out,
    counters: core.legSnapshot(0),
    restarts: core.takeEvents().filter(({ type }) => type === L.EVENT_SEQUENCE_RESET).length,
  }
}

export const placesOf = (out: ReadonlyArray<readonly [number, number]>, source = 0) =>
  out.filter(([s]) => s === source).map(([, place]) => place)
export const isAscending = (places: ReadonlyArray<number>) =>
  places.every((place, i) => i === 0 || place > (places[i - 1] ?? 0))
