/** @jsxImportSource hono/jsx */
/** The live parts of the channel list: rows, totals, and what is wrong with the service. */
import { Effect } from "effect"
import { AttentionLine } from "../../../views/channels/Attention.tsx"
import { ChannelRow } from "../../../views/channels/ChannelRow.tsx"
import { ServiceProblem, TotalsLine } from "../../../views/channels/ListHead.tsx"
import { gravestFirst, type ListRow, rowOf } from "../../../views/channels/list-row.ts"
import { type Totals, totalsOf } from "../../../views/channels/totals.ts"
import type { RecentView } from "../../effects/history/history-model.ts"
import { type ChannelView, WORST_STATES } from "../../effects/model/channel.ts"
import { causesOf, unattended } from "../../effects/notifications/causes.ts"
import type { NoticeView } from "../../effects/notifications/notification-bodies.ts"
import type { Health } from "../../effects/show/health-of.ts"
import { worstOf } from "../../effects/show/worst-of.ts"
import type { LiveRegion } from "../live/live-pages.ts"
import type { AppServices } from "../services/services.ts"

/** The state that the list is rendered from. */
export interface ListState {
  readonly channels: ReadonlyArray<ChannelView>
  readonly recent: ReadonlyMap<string, RecentView>
  readonly health: Pick<Health, "problems" | "channel_problems">
  readonly notices: ReadonlyArray<NoticeView>
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
    notifications,
    others,
    system,
    thumbnails,
  }: Pick<AppServices, "channels" | "history" | "nodes" | "notifications" | "others" | "system" | "thumbnails">,
  { pictures = false }: { readonly pictures?: boolean } = {},
): Effect.Effect<ListState> => {
  const state = Effect.all({
    channels: channels.list,
    recent: history.recent,
    health: system.health,
    notices: notifications.notices,
  })
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
  /** Rows of the channels, the gravest first. */
  readonly rows: ReadonlyArray<{ readonly row: ListRow; readonly id: string; readonly html: string }>
  readonly sums: Totals
  readonly totals: ReadonlyArray<{ readonly id: string; readonly html: string }>
  /** What needs attention, a line for each cause. */
  readonly attention: ReadonlyArray<{ readonly id: string; readonly html: string }>
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
    const all = state.channels.map((channel) => ({ channel, worst: worstOf(channel) }))
    const rows = gravestFirst(all, WORST_STATES).map(({ channel, worst }) => {
      const row = rowOf(channel, worst, state.recent.get(channel.id), now)
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
    const sums = totalsOf(all)
    return {
      rows,
      sums,
      totals: [{ id: "totals-line", html: String(<TotalsLine totals={sums} />) }],
      attention: causesOf(unattended(state.notices)).map((cause) => {
        const id = `cause-${cause.id.replace(/[^a-z0-9]+/gi, "-")}`
        return { id, html: String(<AttentionLine cause={cause} id={id} mayOperate={mayOperate} />) }
      }),
      problems: problemsOf(state.health).map((text, i) => {
        const id = `problem-${i}`
        return { id, html: String(<ServiceProblem id={id} text={text} />) }
      }),
    }
  }
  return { regions }
}

export const liveRegions = ({ attention, problems, rows, totals }: ListRegions): ReadonlyArray<LiveRegion> => [
  { id: "channel-rows", items: rows },
  { id: "totals", items: totals },
  { id: "problems", items: problems },
  { id: "attention", items: attention },
]
