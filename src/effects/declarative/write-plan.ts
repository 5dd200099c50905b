/** Stores a plan with the versions that describe it, in one transaction, and makes it known. */
import { Effect } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import { stamp } from "../config/stamp.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { StoreError } from "../model/Errors.ts"
import { exportConfig } from "./export.ts"
import type { DocumentPlan } from "./plan-document.ts"
import type { AppliedFile, NewVersion, VersionRows } from "./version-rows.ts"

const textOf = (channels: Iterable<ChannelConfig>): string => JSON.stringify(exportConfig([...channels]))
const runningOf = (channels: Iterable<ChannelConfig>): string =>
  JSON.stringify([...channels].filter(({ should_run }) => should_run).map(({ slug }) => slug))

/**
 * Returns the number of the version that was made, 0 without one.
 *
 * @param what names the deed in front of what changed
 */
export const writePlan = (
  book: Pick<ChannelBookService, "configs" | "delete" | "put">,
  rows: VersionRows,
  planned: DocumentPlan,
  by: string,
  what: string,
  file: AppliedFile | null,
): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    const { configs } = book
    const { createdAt: at } = yield* stamp
    const numbered = (numbers: ReadonlyMap<string, number>): ReadonlyArray<ChannelConfig> =>
      planned.wanted.map((channel) => ({
        ...channel,
        number: configs.get(channel.id)?.number ?? numbers.get(channel.id) ?? 0,
      }))
    // New channels have no number yet and come last, in the order in which they will get one.
    const next = numbered(
      new Map(planned.wanted.map(({ id }, index) => [id, Number.MAX_SAFE_INTEGER - planned.wanted.length + index])),
    )
    const versions: NewVersion[] = []
    if (planned.diff.changed) {
      const last = yield* rows.find(null)
      const before = textOf(configs.values())
      const running = runningOf(configs.values())
      if (last?.document !== before || last.running !== running) {
        const since =
          last === null
            ? "as it was before the first one was applied"
            : `with what other requests changed since version ${last.version}`
        versions.push({ at, by, what: `the configuration ${since}`, document: before, running })
      }
      versions.push({
        at,
        by,
        what: `${what}: ${planned.diff.summary}`,
        document: textOf(next),
        running: runningOf(next),
      })
    }
    const { numbers, version } = yield* rows.apply(planned.store, versions, file)
    const kept = numbered(numbers)
    const ids = new Set(kept.map(({ id }) => id))
    for (const id of [...configs.keys()]) if (!ids.has(id)) book.delete(id)
    for (const channel of kept) book.put(channel)
    if (planned.diff.changed) yield* Effect.log(`${what}, by ${by}: ${planned.diff.summary}`)
    return version
  })
