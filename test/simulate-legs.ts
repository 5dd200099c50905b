/**
 * Feeds the schedules of one or two legs to the packet core on made-up time, as the packet loop does, and collects the
 * channel's ring.
 */
import * as L from "../src/core/assembly/memory/layout.ts"
import type { CoreEvent } from "../src/core/packet-core/event-records.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import { feedBatch, readSlot } from "./feed-core.ts"
import type { Schedule } from "./impairments.ts"

export interface Simulation {
  /** Longest wait for the other leg in microseconds. When left out, the legs are not merged. */
  readonly windowUs?: number
  /** Longest wait for a datagram out of order in microseconds, default 50 000. */
  readonly reorderUs?: number
  /** CLOCK_MONOTONIC at the start, default 10 s. */
  readonly startUs?: number
  /** Makes the machine busy elsewhere for `lengthUs` every `everyUs`; what arrives meanwhile waits in the sockets. */
  readonly stalls?: { readonly everyUs: number; readonly lengthUs: number }
  /** Most datagrams of a leg that are read in a pass; what is left waits in the sockets. Default all. */
  readonly mostAtOnce?: number
  /** Called after each pass, as the outputs are, with the events of the pass. */
  readonly eachPass?: (nowUs: number, events: ReadonlyArray<CoreEvent>) => void
}

export interface Simulated {
  readonly bytes: Buffer
  readonly events: ReadonlyArray<CoreEvent>
  /** Receive times of the ring's slots, by which an output paces. */
  readonly slotTimes: ReadonlyArray<number>
  /** The highest values that CHANNEL_HELD and LEG_HELD reached. */
  readonly mostHeld: number
  /** CHANNEL_MERGE at the last pass that had datagrams. */
  readonly merge: number
  readonly pathDifferenceUs: number
  channel(field: number): number
}

const PASS_US = 1000
const TICK_US = 10_000

/** Plays schedules on channel 0 of the core, with the primary as its source. */
export const simulate = (
  core: PacketCore,
  legs: ReadonlyArray<Pick<Schedule, "datagrams">>,
  how: Simulation = {},
): Simulated => {
  const {
    windowUs,
    reorderUs = 50_000,
    startUs = 10_000_000,
    stalls,
    eachPass,
    mostAtOnce = Number.POSITIVE_INFINITY,
  } = how
  core.takeEvents()
  core.resetChannel(0)
  for (const leg of [0, 1]) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, reorderUs)
    core.setLegField(leg, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
  }
  core.setSource(0, 0)
  core.setSource(0, 1)
  core.allowMerge(0, windowUs !== undefined, windowUs ?? 0)
  const channel = (field: number) => core.f64[(L.CHANNELS >> 3) + field] ?? 0
  const parts: Uint8Array[] = []
  const events: CoreEvent[] = []
  const slotTimes: number[] = []
  let [head, mostHeld, merge, pathDifferenceUs] = [core.ringHead(0), 0, 0, 0]
  const readRing = () => {
    for (const to = core.ringHead(0); head !== to; head = (head + 1) >>> 0) {
      const slot = readSlot(core, 0, head)
      parts.push(slot.payload)
      slotTimes.push(slot.rx_us)
    }
  }
  const collect = (nowUs: number) => {
    readRing()
    const told = core.takeEvents()
    events.push(...told)
    eachPass?.(nowUs, told)
  }
  const queues = legs.map(({ datagrams }, leg) =>
    datagrams.map(
      ({ bytes, us }): Datagram => ({ bytes, rx_us: Math.round(startUs + us), ipv4: 0x7f00_0001, port: 5000 + leg }),
    ),
  )
  const next = queues.map(() => 0)
  const end = Math.max(...queues.map((queue) => queue.at(-1)?.rx_us ?? 0))
  // Passes go on after the end for long enough that the core gives up everything that waits.
  for (let nowUs = startUs; nowUs < end + 2_000_000; nowUs += PASS_US) {
    if (stalls !== undefined && (nowUs - startUs) % stalls.everyUs > stalls.everyUs - stalls.lengthUs) continue
    for (const [leg, queue] of queues.entries()) {
      const from = next[leg] ?? 0
      let to = from
      const hasCome = () => (queue[to]?.rx_us ?? Number.POSITIVE_INFINITY) <= nowUs
      while (hasCome() && to - from < mostAtOnce) to += 1
      core.setLegField(leg, L.LEG_READ_US, hasCome() ? L.UNREAD_BEHIND_LAST : 0)
      next[leg] = to
      for (let at = from; at < to; at += L.RX_BATCH) {
        feedBatch(core, queue.slice(at, Math.min(at + L.RX_BATCH, to)), leg)
        // A burst can be longer than the ring, so that it is read after each batch.
        readRing()
      }
      if (to > from) [merge, pathDifferenceUs] = [channel(L.CHANNEL_MERGE), channel(L.CHANNEL_PATH_DIFFERENCE_US)]
    }
    if ((nowUs - startUs) % TICK_US === 0) core.tick(nowUs)
    mostHeld = Math.max(mostHeld, channel(L.CHANNEL_HELD), core.legField(0, L.LEG_HELD), core.legField(1, L.LEG_HELD))
    collect(nowUs)
  }
  return { bytes: Buffer.concat(parts), events, slotTimes, mostHeld, merge, pathDifferenceUs, channel }
}
