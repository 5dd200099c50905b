/** The engine's counters of one channel's input, summed over starts and sockets. */
import { LEG_COUNTERS, type LegCounter } from "../../core/packet-core/leg-fields.ts"
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"
import type { SourceName } from "../model/channel.ts"
import { makeOutputLedger, type OutputLedger } from "./output-ledger.ts"
import { makeRunningSums } from "./running-sums.ts"
import { makeSrtLegLedger } from "./srt-leg-ledger.ts"

type LegTotal = LegCounter | "kernel_drops"
const LEG_TOTALS = [...(Object.keys(LEG_COUNTERS) as ReadonlyArray<LegCounter>), "kernel_drops"] as const

const makeLegLedger = () => {
  const sums = makeRunningSums<LegTotal>(LEG_TOTALS)
  const srt = makeSrtLegLedger()
  let opened = 0
  let datagrams = 0
  return {
    sums,
    srt,
    observe: (leg: LegStats | undefined, run: string, baseline: boolean): void => {
      srt.observe(leg?.srt ?? null, run, baseline)
      if (leg === undefined) {
        sums.advance([])
        return
      }
      const now = leg.counters["datagrams"] ?? 0
      // A leg's counters carry no name of their run; a fall shows that the leg was opened again.
      if (now < datagrams) opened++
      datagrams = now
      const figures: Partial<Record<LegTotal, number>> = { ...leg.counters, kernel_drops: leg.kernel_drops }
      sums.advance([[String(opened), figures]], baseline)
    },
  }
}

export const makeChannelLedger = () => {
  const merge = makeRunningSums(["merge_lost", "merge_mismatches"])
  const legs: Readonly<Record<SourceName, ReturnType<typeof makeLegLedger>>> = {
    primary: makeLegLedger(),
    backup: makeLegLedger(),
  }
  const outputs = new Map<string, OutputLedger>()
  const output = (id: string): OutputLedger => {
    const known = outputs.get(id) ?? makeOutputLedger()
    outputs.set(id, known)
    return known
  }
  return {
    merge: merge.total,
    sumsOf: (source: SourceName) => legs[source].sums.total,
    exactOf: (source: SourceName) => legs[source].sums.exact,
    srtOf: (source: SourceName, leg: LegStats | undefined) => legs[source].srt.figures(leg?.srt ?? null),
    output,
    /** Forgets all outputs but these. */
    keep: (ids: ReadonlySet<string>): void => {
      for (const id of outputs.keys()) if (!ids.has(id)) outputs.delete(id)
    },
    /** Takes the channel's figures; undefined means that the engine does not run it. `run` names the engine process. */
    observe: (stats: ChannelStats | undefined, run: string, baseline: boolean): void => {
      merge.advance(stats === undefined ? [] : [[`${run} ${stats.started_at}`, stats]], baseline)
      for (const [source, leg] of Object.entries(legs))
        leg.observe(
          stats?.legs.find(({ name }) => name === source),
          run,
          baseline,
        )
      const seen = new Set<string>()
      for (const one of stats?.outputs ?? []) {
        seen.add(one.id)
        output(one.id).observe(one, baseline)
      }
      for (const [id, ledger] of outputs) if (!seen.has(id)) ledger.observe(undefined, baseline)
    },
  }
}
export type ChannelLedger = ReturnType<typeof makeChannelLedger>
