/** @jsxImportSource hono/jsx */
/** The live parts of the channel list: rows, totals, and what is wrong with the service. */
import { Effect } from "effect"
import { ChannelRow } from "../../../views/channels/ChannelRow.tsx"
import { ServiceProblem, TotalsLine } from "../../../views/channels/ListHead.tsx"
import { failingFirst, type ListRow, rowOf } from "../../../views/channels/list-row.ts"
import { totalsOf } from "../../../views/channels/totals.ts"
import type { RecentView } from "../../effects/history/history-model.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { Health } from "../../effects/show/health-of.ts"
import type { LiveRegion } from "../live/live-pages.ts"
import type { AppServices } from "../services/services.ts"

/** The state that the list is rendered from. */
export interface ListState {
  readonly channels: ReadonlyArray<ChannelView>
  readonly recent: ReadonlyMap<string, RecentView>
  readonly health: Pick<Health, "problems" | "channel_problems">
  /** Ids of the channels with a picture; left out where none are taken. */
  readonly pictures?: ReadonlySet<string>
}

/**
 * Reads the list's state. Pictures are only asked for where they are shown, since asking makes them be taken more
 * often.
 */
export const listState = (
  {
    channels,
    history,
    nodes,
    others,
    system,
    thumbnails,
  }: Pick<AppServices, "channels" | "history" | "nodes" | "others" | "system" | "thumbnails">,
  { pictures = false }: { readonly pictures?: boolean } = {},
): Effect.Effect<ListState> => {
  const state = Effect.all({ channels: channels.list, recent: history.recent, health: system.health })
  if (!pictures) return state
  return Effect.flatMap(state, (found) => {
    const running = found.channels.filter(({ id, status }) => status === "running" && nodes.roleOf(id) === "owner")
    const having = Effect.filter(running, ({ id }) =>
      Effect.orElseSucceed(
        Effect.map(thumbnails.get(id), ({ ok }) => ok),
        () => false,
      ),
    )
    return Effect.zipWith(having, others.shown, (channels, shown) => ({
      ...found,
      pictures: new Set([...channels.map(({ id }) => id), ...shown.flatMap(({ pictures }) => pictures)]),
    }))
  })
}

export interface ListRegions {
  /** Rows of the channels, failing ones first. */
  readonly rows: ReadonlyArray<{ readonly row: ListRow; readonly id: string; readonly html: string }>
  readonly totals: ReadonlyArray<{ readonly id: string; readonly html: string }>
  readonly problems: ReadonlyArray<{ readonly id: string; readonly html: string }>
}

export interface ListRenderer {
  /** The live regions of the list; `now` is ms since 1970. */
  readonly regions: (state: ListState, now: number, mayOperate: boolean) => ListRegions
}

/** Problems of the service itself; a channel's problems are in its row. */
const problemsOf = ({ channel_problems, problems }: ListState["health"]) => {
  const ofChannels = new Set(channel_problems)
  return problems.filter((problem) => !ofChannels.has(problem))
}

/**
 * Makes the renderer of the list. A row is rendered again only when it reads differently. Countdowns run in the browser
 * (list.js) from a time in the row, so a row in which only a countdown changes is neither rendered nor sent.
 */
export const makeListRenderer = ({ thumbnails = false }: { readonly thumbnails?: boolean } = {}): ListRenderer => {
  let rendered = new Map<string, { readonly says: string; readonly html: string }>()
  const regions: ListRenderer["regions"] = (state, now, mayOperate) => {
    const next: typeof rendered = new Map()
    const rows = failingFirst(state.channels).map((channel) => {
      const row = rowOf(channel, state.recent.get(channel.id), now)
      // The browser asks for the next picture by itself (thumbnails.js), so the row is not sent again for it.
      const thumbnail =
        thumbnails && state.pictures?.has(channel.id) === true ? `/channels/${channel.id}/thumbnail.jpg` : null
      const key = `${row.id} ${mayOperate}`
      const says = JSON.stringify([row, thumbnail])
      const before = rendered.get(key)
      const props = { row, now, mayOperate, thumbnail }
      const html = before?.says === says ? before.html : String(<ChannelRow {...props} />)
      next.set(key, { says, html })
      return { row, id: row.id, html }
    })
    // Rows for readers with the other role stay as long as their channels exist.
    for (const [key, row] of rendered)
      if (!next.has(key) && next.has(`${key.split(" ", 1)[0]} ${mayOperate}`)) next.set(key, row)
    rendered = next
    return {
      rows,
      totals: [{ id: "totals-line", html: String(<TotalsLine totals={totalsOf(state.channels)} />) }],
      problems: problemsOf(state.health).map((text, i) => {
        const id = `problem-${i}`
        return { id, html: String(<ServiceProblem id={id} text={text} />) }
      }),
    }
  }
  return { regions }
}

export const liveRegions = ({ problems, rows, totals }: ListRegions): ReadonlyArray<LiveRegion> => [
  { id: "channel-rows", items: rows },
  { id: "totals", items: totals },
  { id: "problems", items: problems },
]
