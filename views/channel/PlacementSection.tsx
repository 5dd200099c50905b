/** @jsxImportSource hono/jsx */
/** On which node a channel runs, who takes over, and what its input needs to follow. Not shown on a single machine. */
import type { PlacementShown } from "../../src/http/services/placement-shown.ts"
import { type ChannelShown, pathOf } from "./channel-shown.ts"

export interface PlacementOnPage extends PlacementShown {
  /** Names of all nodes. */
  readonly nodes: ReadonlyArray<string>
}

const FOLLOWS = {
  itself: "Its input follows by itself.",
  "set up": "Its input follows as long as what is named below is set up.",
  no: "Its input cannot follow: the node that takes over would have nothing to send.",
} as const

const gapOf = (gapMs: number | null) => (gapMs === null ? "" : `, nothing was sent for ${(gapMs / 1000).toFixed(1)} s`)

/** What changes by itself. */
export const PlacementState = ({ placement }: { readonly placement: PlacementOnPage }) => {
  const { dark, home, input, last_move: last, moving_to: moving, owner, partner } = placement
  return (
    <div id="placement-state">
      <p>
        Runs on <b>{owner}</b>; home is <b>{home}</b>;{" "}
        {partner === null ? (
          "no node could take over now"
        ) : (
          <>
            {partner} takes over when {owner} is gone
          </>
        )}
        .{moving === null ? null : <> It is moving to {moving}.</>}
      </p>
      {dark ? <p class="banner error">Its node is gone, and nobody could take over yet.</p> : null}
      {last === null ? null : (
        <p class="hint">
          Last move: {last.reason}, {last.from === null ? "" : `from ${last.from} `}to {last.to} at {last.at}
          {gapOf(last.gap_ms)}.
        </p>
      )}
      {input === null ? null : (
        <>
          <p class={input.follows === "no" ? "warning" : undefined}>{FOLLOWS[input.follows]}</p>
          <ul class="hint">
            {input.legs.map(({ needs }) => (
              <li>{needs}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

const Options = ({ names, chosen }: { readonly names: ReadonlyArray<string>; readonly chosen: string | null }) => (
  <>
    {names.map((name) => (
      <option value={name} selected={name === chosen}>
        {name}
      </option>
    ))}
  </>
)

const Forms = ({ path, placement }: { readonly path: string; readonly placement: PlacementOnPage }) => {
  const { home, isolated, nodes, owner, standby } = placement
  const others = nodes.filter((name) => name !== owner)
  return (
    <div class="placement-forms">
      {others.length === 0 ? null : (
        <form method="post" action={`${path}/move`}>
          <label>
            Move to{" "}
            <select name="node">
              <Options names={others} chosen={home === owner ? standby : home} />
            </select>
          </label>{" "}
          <button type="submit">Move</button>
        </form>
      )}
      <form method="post" action={`${path}/placement`}>
        <label>
          Home{" "}
          <select name="home">
            <Options names={nodes} chosen={home} />
          </select>
        </label>{" "}
        <label>
          Standby{" "}
          <select name="standby">
            <option value="" selected={standby === null}>
              any
            </option>
            <Options names={nodes} chosen={standby} />
          </select>
        </label>{" "}
        <label>
          When isolated{" "}
          <select name="isolated">
            <option value="stop" selected={isolated === "stop"}>
              stop sending
            </option>
            <option value="keep" selected={isolated === "keep"}>
              keep sending
            </option>
          </select>
        </label>{" "}
        <button type="submit">Save</button>
      </form>
    </div>
  )
}

export const PlacementSection = ({ shown }: { readonly shown: ChannelShown }) => {
  const { channel, mayAct, placement } = shown
  if (placement === undefined) return null
  return (
    <section class="card" aria-labelledby="placement-title">
      <h2 id="placement-title">Node</h2>
      <div id="placement">
        <PlacementState placement={placement} />
      </div>
      {mayAct ? <Forms path={pathOf(channel)} placement={placement} /> : null}
    </section>
  )
}
