/** @jsxImportSource hono/jsx */
import type { Frame } from "./frame.ts"
import { Time } from "./Time.tsx"

/** A banner that names what was just removed and offers to undo it. */
export const UndoBanner = ({ removed }: { readonly removed: NonNullable<Frame["removed"]> }) => (
  <div class="banner undo" role="status">
    <span>
      {removed.kind === "channel" ? `Channel ${removed.name}` : `Output ${removed.name} of ${removed.channel.name}`}{" "}
      removed.
    </span>
    <form method="post" action={`/undo/${removed.token}`}>
      <button type="submit">Undo</button>
    </form>
    <span class="hint">
      Possible until <Time at={removed.until} short />
      {removed.kind === "channel" ? "; its events and cues do not come back" : ""}.
    </span>
  </div>
)
