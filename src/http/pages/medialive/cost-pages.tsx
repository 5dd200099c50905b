/** @jsxImportSource hono/jsx */
/** The page of costs, and the same as a file. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { CostsPage } from "../../../../views/medialive/CostsPage.tsx"
import { monthOf } from "../../../core/medialive/cost.ts"
import type { MediaLiveService } from "../../../effects/medialive/medialive-service.ts"
import { methods } from "../../request/methods.ts"
import { costsFile, readCostQuery } from "../../routes/medialive.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"

/** `2026-11` and so many months later. */
const later = (month: string, by: number): string => {
  const [year = 0, number = 1] = month.split("-").map(Number)
  return monthOf(Date.UTC(year, number - 1 + by))
}

export const costPageRoutes = (
  app: Hono,
  medialive: MediaLiveService,
  services: Pick<AppServices, "access" | "runner">,
): void => {
  const { runner } = services
  methods(app, "/medialive/costs", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(readCostQuery(c), ({ month }) => medialive.costs(month)),
        (costs) => {
          const months = { before: later(costs.month, -1), after: later(costs.month, 1) }
          return c.html(<CostsPage frame={frameOf(c, services)} costs={costs} months={months} />)
        },
      ),
  })
  methods(app, "/medialive/costs.csv", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(readCostQuery(c), ({ month }) => medialive.costs(month)),
        (costs) => costsFile(c, costs),
      ),
  })
}
