/** @jsxImportSource hono/jsx */
/** The wall: all channels as tiles, live, for a monitor that nobody touches. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { gravestFirst, rowOf } from "../../../views/channels/list-row.ts"
import { WallPage, WallTile } from "../../../views/wall/WallPage.tsx"
import { WORST_STATES } from "../../effects/model/channel.ts"
import { worstOf } from "../../effects/show/worst-of.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"
import { type ListState, listState } from "./list-regions.tsx"

type Services = Pick<
  AppServices,
  | "access"
  | "channels"
  | "history"
  | "live"
  | "nodes"
  | "notifications"
  | "others"
  | "pictures"
  | "runner"
  | "system"
  | "thumbnails"
>

const tilesOf = ({ channels, pictures }: ListState, now: number) => {
  const all = channels.map((channel) => ({ channel, worst: worstOf(channel) }))
  return gravestFirst(all, WORST_STATES).map(({ channel, worst }) => {
    const id = `tile-${channel.slug}`
    // Pictures are asked for by the browser, so that a tile is sent again only when it reads differently.
    const thumbnail = pictures?.has(channel.id) === true ? `/channels/${channel.id}/thumbnail.jpg` : null
    return { id, html: String(<WallTile id={id} row={rowOf(channel, worst, undefined, now)} thumbnail={thumbnail} />) }
  })
}

export const wallRoutes = (app: Hono, services: Services): void => {
  const { access, live, pictures, runner } = services
  methods(app, "/wall", {
    GET: (c) =>
      runner.run(c, listState(services, { pictures }), (state) => {
        const now = Date.now()
        return c.html(<WallPage frame={frameOf(c, { access })} tiles={tilesOf(state, now)} now={now} />)
      }),
  })
  methods(app, "/live/wall", {
    GET: (c) =>
      live.stream(
        c,
        "wall",
        Effect.map(listState(services, { pictures }), (state) => [
          { id: "wall-tiles", items: tilesOf(state, Date.now()) },
        ]),
      ),
  })
}
