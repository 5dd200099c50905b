/** @jsxImportSource hono/jsx */
import type { Frame } from "./frame.ts"

/** A link to the notices that nobody has attended to; an empty part while there are none. */
export const OpenNotices = ({ openNotices }: Pick<Frame, "openNotices">) =>
  openNotices === undefined || openNotices.count === 0 ? (
    <span id="notices-chip"></span>
  ) : (
    <a
      id="notices-chip"
      class={`open-notices chip ${openNotices.isCritical ? "is-critical" : "is-warning"}`}
      href="/settings/notifications"
    >
      <span class="mark" aria-hidden="true"></span>
      {openNotices.count === 1 ? "1 notice" : `${openNotices.count} notices`}
    </a>
  )
