/** REST route of a channel's history. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { type HistoryWindow, WINDOWS } from "../../effects/history/history-model.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"

export const WINDOW_NAMES = Object.keys(WINDOWS) as ReadonlyArray<HistoryWindow>
export const DEFAULT_WINDOW: HistoryWindow = "5m"

const windowOf = (parameters: URLSearchParams): Effect.Effect<HistoryWindow, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, ["window"])
    const window = read(
      "window",
      (text) => WINDOW_NAMES.find((name) => name === text) ?? null,
      `one of ${WINDOW_NAMES.join(", ")}`,
    )
    return errors.length > 0 ? new InvalidInput({ errors }) : Effect.succeed(window ?? DEFAULT_WINDOW)
  })

export const historyRoutes = (app: Hono, { history, runner }: Pick<AppServices, "history" | "runner">): void =>
  methods(app, "/api/channels/:id/history", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(windowOf(new URL(c.req.url).searchParams), (window) => history.view(c.req.param("id"), window)),
        (history) => c.json(history),
      ),
  })
