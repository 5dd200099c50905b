/** @jsxImportSource hono/jsx */
/** What outputs sent, by month: page, JSON and CSV, and the price of a gigabyte. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { may } from "../../../../views/layout/frame.ts"
import { EgressPage } from "../../../../views/records/EgressPage.tsx"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import { csvHeaders } from "../../routes/csv.ts"
import { type EgressView, egressCsv, monthOf, readEgress } from "../../routes/egress.ts"
import type { AppServices } from "../../services/services.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { pageQuery } from "../page-query.ts"

type Services = Pick<AppServices, "access" | "records" | "runner">

const later = (month: string, by: number): string => {
  const [year = 1970, number = 1] = month.split("-").map(Number)
  return monthOf(Date.UTC(year, number - 1 + by))
}

const HIGHEST_PRICE = 100
/** A price in USD; null for none. */
const priceOf = (text: string): Effect.Effect<number | null, InvalidInput> =>
  Effect.suspend(() => {
    const typed = text.trim().replace(",", ".")
    if (typed === "") return Effect.succeed(null)
    const price = /^\d{1,3}(?:\.\d{1,6})?$/.test(typed) ? Number(typed) : Number.NaN
    return price <= HIGHEST_PRICE
      ? Effect.succeed(price)
      : new InvalidInput({
          errors: [{ path: "usd_per_gb", message: `must be a price in USD from 0 to ${HIGHEST_PRICE}, such as 0.085` }],
        })
  })

const page = (services: Services, c: Context, view: EgressView, problem?: Problem): Response => {
  const frame = frameOf(c, services)
  const months = { before: later(view.month, -1), after: later(view.month, 1) }
  const error = problem?.errors[0]?.message ?? problem?.detail
  const body = <EgressPage frame={frame} egress={view} months={months} mayPrice={may(frame, "admin")} error={error} />
  return new Response(String(body), {
    status: problem?.status ?? 200,
    headers: { "Content-Type": "text/html; charset=UTF-8" },
  })
}

export const egressRoutes = (app: Hono, services: Services): void => {
  const { records, runner } = services
  const withForm = makeWithForm(services)
  methods(app, "/egress", {
    GET: (c) =>
      runner.run(c, readEgress(records, pageQuery(new URL(c.req.url))), ({ view }) => page(services, c, view)),
  })
  methods(app, "/egress/price", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const set = Effect.flatMap(priceOf(fields["usd_per_gb"] ?? ""), records.setEgressPrice)
        const done = await runner.settle(c, set)
        const asked = new URLSearchParams({ month: fields["month"] ?? "" })
        if (Either.isRight(done)) return c.redirect(`/egress?${asked}`, 303)
        const found = await runner.settle(c, readEgress(records, new URLSearchParams()))
        return Either.isLeft(found)
          ? problemResponse(found.left, c.req.path)
          : page(services, c, found.right.view, done.left)
      }),
  })
  methods(app, "/api/egress", {
    GET: (c) =>
      runner.run(c, readEgress(records, new URL(c.req.url).searchParams), ({ format, view }) =>
        format === "csv" ? c.body(egressCsv(view), 200, csvHeaders(`egress-${view.month}.csv`)) : c.json(view),
      ),
  })
}
