/**
 * From the configuration that is to the one that is wanted: what is written to the store, and what is then carried
 * out. Pure.
 */

import { demandedBy } from "../config/on-demand.ts"
import type { OutputHost } from "../config/output-place.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Sliced } from "../model/slices.ts"
import type { StoreChange } from "../store/store-change.ts"
import { type ConfigDiff, diffConfigs } from "./diff.ts"
import type { WantedChannel } from "./resolve.ts"
import { makeTakesOver } from "./takes-over.ts"

/** The steps in which a plan is carried out, each to its end before the next one. */
export const STEPS = ["remove", "halt", "adopt", "take_over", "run"] as const

/**
 * What follows once it is stored. `adopt` gives a channel its new configuration, whether it runs or not; `take_over`
 * does so when others have let go of a port or directory that it gets.
 */
export interface Action {
  readonly do: (typeof STEPS)[number]
  readonly id: string
}

export interface Plan {
  readonly diff: ConfigDiff
  /** In the order in which they are written: what goes makes room for what comes. */
  readonly store: ReadonlyArray<StoreChange>
  /** For the same reason those of one step come before those of the next one; within a step their order is nothing. */
  readonly actions: ReadonlyArray<Action>
}

/** Text that is the same for values that differ in the order of their fields alone. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
const same = (a: unknown, b: unknown): boolean => stable(a) === stable(b)

const outputWrites = (old: ChannelConfig, next: WantedChannel): ReadonlyArray<StoreChange> => {
  const before = new Map(old.outputs.map((output) => [output.id, output]))
  const after = new Set(next.outputs.map(({ id }) => id))
  return [
    ...old.outputs.filter(({ id }) => !after.has(id)).map(({ id }): StoreChange => ({ op: "delete_output", id })),
    ...next.outputs.flatMap((output): ReadonlyArray<StoreChange> => {
      const was = before.get(output.id)
      if (was === undefined) return [{ op: "insert_output", channelId: next.id, output }]
      return same(was, output) ? [] : [{ op: "update_output", output }]
    }),
  ]
}

const channelWrites = (old: ChannelConfig | undefined, next: WantedChannel): ReadonlyArray<StoreChange> => {
  if (old === undefined) return [{ op: "insert_channel", channel: next }]
  const { number: _, outputs: __, last_output_number: ___, ...before } = old
  const { outputs: ____, last_output_number: _____, ...after } = next
  return [
    ...(same(before, after) ? [] : [{ op: "update_channel", channel: next } as const]),
    ...outputWrites(old, next),
  ]
}

const channelActions = (old: ChannelConfig | undefined, next: WantedChannel, late: boolean): ReadonlyArray<Action> => {
  const { id } = next
  const runs = old === undefined ? next.should_run : demandedBy(old, { ...next, number: old.number })
  const actions: Action[] = [{ do: late ? "take_over" : "adopt", id }]
  if (runs === true) actions.push({ do: "run", id })
  if (runs === false && old !== undefined) actions.push({ do: "halt", id })
  return actions
}

/** @param wanted as `resolveDocument` gives it: what there is already has its id */
export function* planOf(
  current: ReadonlyArray<ChannelConfig>,
  wanted: ReadonlyArray<WantedChannel>,
  host: OutputHost,
): Sliced<Plan> {
  const known = new Map(current.map((channel) => [channel.id, channel]))
  const stays = new Set(wanted.map(({ id }) => id))
  const gone = current.filter(({ id }) => !stays.has(id))
  const changes: Array<{ next: WantedChannel; old: ChannelConfig | undefined; writes: ReadonlyArray<StoreChange> }> = []
  for (const next of wanted) {
    yield
    const old = known.get(next.id)
    const writes = channelWrites(old, next)
    if (writes.length > 0) changes.push({ next, old, writes })
  }
  const takesOver = yield* makeTakesOver(
    changes.flatMap(({ old }) => old ?? []),
    host,
  )
  const actions: Action[] = []
  for (const { next, old } of changes) {
    yield
    actions.push(...channelActions(old, next, takesOver(next)))
  }
  return {
    diff: yield* diffConfigs(current, wanted, host),
    store: [
      ...gone.map(({ id }): StoreChange => ({ op: "delete_channel", id })),
      ...changes.flatMap(({ writes }) => writes),
    ],
    actions: [...gone.map(({ id }): Action => ({ do: "remove", id })), ...actions],
  }
}
