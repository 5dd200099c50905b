/** What a document would do to the channels as they are: checked as a whole, nothing changed. */
import { Effect } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { OutputHost } from "../config/output-place.ts"
import { stamp } from "../config/stamp.ts"
import { Conflict, InvalidInput } from "../model/Errors.ts"
import { inSlices } from "../model/slices.ts"
import { conflictsWithin, privateTargetsWithin } from "./conflicts.ts"
import type { ConfigDocument } from "./document.ts"
import { type Plan, planOf } from "./plan.ts"
import { resolveDocument, type WantedChannel } from "./resolve.ts"

export type DocumentPlan = Plan & { readonly wanted: ReadonlyArray<WantedChannel> }

/** @param runs slugs of channels that run when they come back */
export const planDocument = (
  book: Pick<ChannelBookService, "configs" | "inOrder">,
  host: OutputHost,
  document: ConfigDocument,
  runs: ReadonlySet<string> = new Set(),
): Effect.Effect<DocumentPlan, InvalidInput | Conflict> =>
  Effect.gen(function* () {
    const current = book.inOrder()
    const at = yield* stamp
    const resolved = yield* inSlices(() => resolveDocument(document, current, at))
    if (!resolved.ok) return yield* new InvalidInput({ errors: resolved.errors })
    const refused = yield* inSlices(() => privateTargetsWithin(resolved.value, document, host))
    if (refused.length > 0) return yield* new InvalidInput({ errors: refused })
    const errors = yield* inSlices(() => conflictsWithin(resolved.value, document, host))
    if (errors.length > 0) return yield* new Conflict({ errors })
    const wanted = resolved.value.map((channel) =>
      runs.has(channel.slug) && !book.configs.has(channel.id) ? { ...channel, should_run: true } : channel,
    )
    return { ...(yield* inSlices(() => planOf(current, wanted, host))), wanted }
  })
