/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import { Countdown } from "../channel/Ticking.tsx"
import type { ListRow } from "../channels/list-row.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface WallTileProps {
  readonly id: string
  readonly row: ListRow
  /** Address of the channel's picture; null where there is none. */
  readonly thumbnail: string | null
}

/** A channel on the wall: picture, name, state with its cause, and the ad break. */
export const WallTile = ({ id, row, thumbnail }: WallTileProps) => {
  const { cause, failing, moreFailing, name, scte35, slug, state } = row
  const [first] = failing
  const why =
    cause !== "" || first === undefined
      ? cause
      : `${first.name}: ${first.error}${failing.length + moreFailing > 1 ? ", and others" : ""}`
  return (
    <li id={id} class={`tile is-${state.is}`}>
      {thumbnail === null ? (
        <span class="no-picture" aria-hidden="true"></span>
      ) : (
        <span hx-morph-skip-children="">
          <img src={thumbnail} data-thumbnail={thumbnail} width="320" height="180" alt="" />
          <span class="no-picture" hidden></span>
        </span>
      )}
      <h2>
        <a href={`/channels/${slug}`}>{name}</a>
      </h2>
      <p class={`status is-${state.is}`}>
        <span class="mark" aria-hidden="true"></span>
        {state.text}
        {scte35?.is === "in-break" ? (
          <span class="break">
            {" in break"}
            {scte35.until === null ? null : (
              <>
                {" "}
                <Countdown at={new Date(scte35.until).toISOString()} />
              </>
            )}
          </span>
        ) : null}
      </p>
      {why === "" ? null : (
        <p class="why" title={why}>
          {why}
        </p>
      )}
    </li>
  )
}

export interface WallPageProps {
  readonly frame: Frame
  readonly tiles: ReadonlyArray<{ readonly id: string; readonly html: string }>
  /** Time of the rendering, ms since 1970. */
  readonly now: number
}

/** All channels as tiles for a monitor in the gallery: nothing to press, and as many as the screen holds. */
export const WallPage = ({ frame, now, tiles }: WallPageProps) => (
  <Layout
    frame={frame}
    bare
    title="Wall · Stream Distributor"
    stream="/live/wall"
    scripts={["ticking.js", "thumbnails.js"]}
  >
    <main id="main" class="wall-page" data-server-time={new Date(now).toISOString()}>
      <h1 class="visually-hidden">All channels</h1>
      <ul id="wall-tiles" class="wall">
        {raw(tiles.map(({ html }) => html).join(""))}
      </ul>
      {tiles.length > 0 ? null : <p class="empty">There is no channel yet.</p>}
    </main>
  </Layout>
)
