/** Keeps a line for every change of the configuration, whoever makes it: the channels before it and behind it. */
import { Clock, Effect, FiberRef } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { OutputHost } from "../config/output-place.ts"
import { Actor, Witness } from "../model/actor.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { inSlices } from "../model/slices.ts"
import type { Observe } from "../store/Changes.ts"
import type { ChangeRows, NewChange, Sides } from "./change-rows.ts"
import { type ChannelChange, diffConfigs, type FieldChange } from "./diff.ts"
import type { ChannelDocument } from "./document.ts"
import { exportConfig } from "./export.ts"

/** Longest sentence about a change, in characters. */
const MAX_TEXT = 1000

const shown = (value: unknown) => (value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value))
const fieldText = ({ field, from, secret_changed, to }: FieldChange) =>
  secret_changed === true ? `${field} ${shown(to)} with another secret` : `${field} ${shown(from)} → ${shown(to)}`

/** A change in one line, its secrets masked: `News: output CDN: url srt://a:1 → srt://a:2`. */
export const changeText = ({ action, changes, name, outputs }: ChannelChange): string => {
  if (action !== "updated") return `${name}: ${action}`
  const ofOutputs = outputs.map((output) =>
    output.action === "updated"
      ? `output ${output.name}: ${output.changes.map(fieldText).join(", ")}`
      : `output ${output.name} ${output.action}: ${output.url}`,
  )
  return `${name}: ${[...changes.map(fieldText), ...ofOutputs].join("; ")}`.slice(0, MAX_TEXT)
}

const documentOf = (config: ChannelConfig | undefined): ChannelDocument | null =>
  config === undefined ? null : (exportConfig([config]).channels[0] ?? null)

/** Both sides without the outputs that are alike on both. */
const sidesOf = (old: ChannelConfig | undefined, now: ChannelConfig | undefined): Sides => {
  const [before, after] = [documentOf(old), documentOf(now)]
  if (before === null || after === null) return { before, after }
  const alike = new Set((before.outputs ?? []).map((output) => JSON.stringify(output)))
  const both = new Set(
    (after.outputs ?? []).map((output) => JSON.stringify(output)).filter((output) => alike.has(output)),
  )
  const without = (document: ChannelDocument): ChannelDocument => ({
    ...document,
    outputs: (document.outputs ?? []).filter((output) => !both.has(JSON.stringify(output))),
  })
  return { before: without(before), after: without(after) }
}

interface Deps {
  readonly book: Pick<ChannelBookService, "configs">
  readonly host: OutputHost
  readonly rows: Pick<ChangeRows, "add">
}

/** Looks at the channels before a change, and behind it writes down what has become of them. */
export const makeObserver = ({ book, host, rows }: Deps): Observe => {
  const record = (before: ReadonlyMap<string, ChannelConfig>) =>
    Effect.gen(function* () {
      const ids = new Set([...before.keys(), ...book.configs.keys()])
      const other = [...ids].filter((id) => before.get(id) !== book.configs.get(id))
      if (other.length === 0) return
      const at = new Date(yield* Clock.currentTimeMillis).toISOString()
      const by = yield* FiberRef.get(Actor)
      const found: NewChange[] = []
      for (const channelId of other) {
        const [old, now] = [before.get(channelId), book.configs.get(channelId)]
        const diff = yield* inSlices(() =>
          diffConfigs(old === undefined ? [] : [old], now === undefined ? [] : [now], host),
        )
        for (const change of diff.channels) found.push({ at, by, channelId, change, ...sidesOf(old, now) })
      }
      if (found.length === 0) return
      const witness = yield* FiberRef.get(Witness)
      witness?.(
        found
          .map(({ change }) => changeText(change))
          .join("; ")
          .slice(0, MAX_TEXT),
      )
      yield* rows.add(found)
    }).pipe(
      // The change has been made; it must not look as if it had not because its line failed.
      Effect.catchAllCause((cause) => Effect.logError("a change could not be written down", cause)),
    )
  return () => {
    const before = new Map(book.configs)
    return Effect.suspend(() => record(before))
  }
}
