/** Records over the fakes' cues and events; no figures. */
import { Effect } from "effect"
import type { RecordsService, Within } from "../../effects/supervisor/Records.ts"
import type { FakeWorld } from "./fake-world.ts"

const within = <A extends { readonly at: string }>(rows: ReadonlyArray<A>, { fromMs, toMs }: Within, most: number) => {
  const found = rows.filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) < toMs)
  return { rows: found.slice(0, most).toReversed(), more: found.length > most }
}

export const fakeRecords = ({ cues, events, find, findOutput }: FakeWorld): RecordsService => ({
  figures: (ref, { fromS, toS }, output) =>
    Effect.as(output === undefined ? Effect.asVoid(find(ref)) : Effect.asVoid(findOutput(ref, output)), {
      since: new Date(fromS * 1000).toISOString(),
      until: new Date(toS * 1000).toISOString(),
      step_s: 60,
      times: [],
      series: [],
      totals: [],
      marks: [],
      marks_left_out: false,
    }),
  cues: (ref, span, most = Number.POSITIVE_INFINITY) =>
    Effect.map(find(ref), ({ id }) => within(cues.get(id) ?? [], span, most)),
  events: (ref, span, most = Number.POSITIVE_INFINITY) =>
    Effect.map(find(ref), ({ id }) => within(events.get(id) ?? [], span, most)),
  reachesBack: (ref, beforeMs) =>
    Effect.map(find(ref), ({ id }) => (cues.get(id) ?? []).some(({ at }) => Date.parse(at) < beforeMs)),
  egress: () => Effect.succeed([]),
  egressPrice: Effect.succeed(null),
  setEgressPrice: () => Effect.void,
  zone: (ref) => Effect.as(find(ref), "UTC"),
})
