/** @jsxImportSource hono/jsx */
/** Keeps the number of notices in the head of every open page up to date. */
import { Effect } from "effect"
import { OpenNotices } from "../../../../views/layout/OpenNotices.tsx"
import type { LivePages } from "../../live/live-pages.ts"
import type { AppServices } from "../../services/services.ts"
import { countNotices } from "./notice-count.ts"

/** The live pages with one more region on each: the notices of its head. */
export const withLiveNotices = (live: LivePages, { notifications }: Pick<AppServices, "notifications">): LivePages => ({
  ...live,
  stream: (c, key, view) =>
    live.stream(
      c,
      key,
      Effect.zipWith(view, notifications.notices, (regions, notices) => {
        const html = String(<OpenNotices openNotices={countNotices(notices)} />)
        // A page without a head has no place for them.
        return key === "wall" ? regions : [...regions, { id: "open-notices", items: [{ id: "notices-chip", html }] }]
      }),
    ),
})
