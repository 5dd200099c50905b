/** Feeds two legs to the packet core and to the control of its source on made-up time, as the packet loop does. */
import * as L from "../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import { policyOf } from "../src/effects/config/input-policy.ts"
import type { InputSettings } from "../src/effects/model/channel.ts"
import { SourceControl, type SourceReport } from "../src/engine/inputs/source-control.ts"
import type { LegName } from "../src/engine/protocol/messages.ts"
import { feedBatch, readSlot } from "./feed-core.ts"

const START_US = 10_000_000
const TICK_US = 10_000

export interface SimulatedInput {
  /** The bytes that the ring carried, and the time at which each of its slots was appended (us since the start). */
  readonly bytes: Uint8Array
  readonly slots: ReadonlyArray<{ readonly atUs: number; readonly length: number }>
  readonly reports: ReadonlyArray<SourceReport & { readonly atUs: number }>
  readonly control: SourceControl
}

export interface InputRun {
  readonly settings?: InputSettings
  /** Datagrams of the primary in the order of their times (rx_us from 0). */
  readonly primary: ReadonlyArray<Datagram>
  readonly backup: ReadonlyArray<Datagram>
  readonly untilUs: number
  /** What the operator does, with times in us. */
  readonly operator?: ReadonlyArray<{ readonly atUs: number; readonly leg: LegName }>
}

/** Plays a run of two legs on channel 0 of the core. */
export const simulateInput = (core: PacketCore, run: InputRun): SimulatedInput => {
  core.takeEvents()
  core.resetChannel(0)
  const policy = policyOf(run.settings ?? {})
  for (const leg of [0, 1]) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, policy.reorder_ms * 1000)
    core.setLegField(leg, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
  }
  let nowUs = 0
  const reports: Array<SourceReport & { atUs: number }> = []
  const control = new SourceControl(0, core, policy, START_US, (report) => reports.push({ ...report, atUs: nowUs }))
  control.configure(policy, [
    { spec: { name: "primary" }, open: true },
    { spec: { name: "backup" }, open: true },
  ])
  const queues = [run.primary, run.backup].map((datagrams) =>
    datagrams.map((d) => ({ ...d, rx_us: d.rx_us + START_US })),
  )
  const next = [0, 0]
  const operator = [...(run.operator ?? [])]
  const parts: Uint8Array[] = []
  const slots: Array<{ atUs: number; length: number }> = []
  let head = 0
  for (; nowUs <= run.untilUs; nowUs += TICK_US) {
    core.tick(START_US + nowUs)
    for (const [leg, queue] of queues.entries()) {
      let from = next[leg] ?? 0
      while ((queue[from]?.rx_us ?? Number.POSITIVE_INFINITY) <= START_US + nowUs) {
        let to = from
        while (to - from < L.RX_BATCH && (queue[to]?.rx_us ?? Number.POSITIVE_INFINITY) <= START_US + nowUs) to += 1
        feedBatch(core, queue.slice(from, to), leg)
        from = to
      }
      next[leg] = from
    }
    for (const event of core.takeEvents())
      if (event.type === L.EVENT_SWITCHED || event.type === L.EVENT_MERGE || event.type === L.EVENT_MERGE_LEG)
        control.handle(event)
    while ((operator[0]?.atUs ?? Number.POSITIVE_INFINITY) <= nowUs)
      control.choose(operator.shift()?.leg ?? "primary", true, START_US + nowUs)
    control.decide(START_US + nowUs)
    if (nowUs % 1_000_000 === 0) control.stats()
    for (const to = core.ringHead(0); head !== to; head = (head + 1) >>> 0) {
      const { payload } = readSlot(core, 0, head)
      parts.push(payload)
      slots.push({ atUs: nowUs, length: payload.length })
    }
  }
  return { bytes: Buffer.concat(parts), slots, reports, control }
}
