/** REST routes of MediaLive. */
import { Duration, Effect } from "effect"
import type { Context, Hono } from "hono"
import { monthOf } from "../../core/medialive/cost.ts"
import { AutoInput, ConnectionInput, type CostsView } from "../../effects/medialive/medialive-bodies.ts"
import type { MediaLiveService } from "../../effects/medialive/medialive-service.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { readJson } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"
import { type CsvColumn, csvHeaders, csvOf } from "./csv.ts"

/** A start or stop may have to wait for a request that hangs, and for AWS itself. */
export const VERB_WITHIN = Duration.seconds(30)
/** Up to five requests, a second apart, each of which may hang. */
export const TEST_WITHIN = Duration.seconds(60)

const FORMATS = ["json", "csv"] as const
type Format = (typeof FORMATS)[number]

interface CostRow {
  readonly kind: "medialive" | "egress"
  readonly name: string
  readonly id: string
  readonly amount: number
  readonly unit: "hours" | "GB"
  readonly usd: number | null
  /** Hours that `usd` leaves out, and those of which it holds a part alone. */
  readonly hoursWithout: number
  readonly hoursInPart: number
}

const rowsOf = ({ egress, medialive }: CostsView): ReadonlyArray<CostRow> => [
  ...medialive.map(
    ({ hours, hours_in_part: hoursInPart, hours_without_price: hoursWithout, id, name, usd }): CostRow => ({
      kind: "medialive",
      name,
      id,
      amount: hours,
      unit: "hours",
      usd,
      hoursWithout,
      hoursInPart,
    }),
  ),
  ...egress.map(
    ({ channel, gigabytes, usd }): CostRow => ({
      kind: "egress",
      name: channel,
      id: "",
      amount: gigabytes,
      unit: "GB",
      usd,
      hoursWithout: 0,
      hoursInPart: 0,
    }),
  ),
]

/** The costs of a month as a file for spreadsheets; its head says that they are an estimate. */
export const costsCsv = (costs: CostsView): string => {
  const columns: ReadonlyArray<CsvColumn<CostRow>> = [
    ["month", () => costs.month],
    ["kind", ({ kind }) => kind],
    ["name", ({ name }) => name],
    ["id", ({ id }) => id],
    ["amount", ({ amount }) => amount],
    ["unit", ({ unit }) => unit],
    ["list_price_estimate_usd", ({ usd }) => usd],
    ["hours_without_price", ({ hoursWithout }) => hoursWithout],
    ["hours_priced_in_part", ({ hoursInPart }) => hoursInPart],
  ]
  return csvOf(columns, rowsOf(costs))
}

export const costsFile = (c: Context, costs: CostsView): Response =>
  c.body(costsCsv(costs), 200, csvHeaders(`list-price-estimate-${costs.month}.csv`))

/** `month` of the query, this one where it is left out, and `format`. */
export const readCostQuery = (
  c: Context,
): Effect.Effect<{ readonly month: string; readonly format: Format }, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(new URL(c.req.url).searchParams, ["month", "format", "live"])
    const month = read(
      "month",
      (text) => (/^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? text : null),
      "a month such as 2026-11",
    )
    const format = read("format", (text) => FORMATS.find((one) => one === text) ?? null, "json or csv")
    return errors.length > 0
      ? new InvalidInput({ errors })
      : Effect.succeed({ month: month ?? monthOf(Date.now()), format: format ?? "json" })
  })

/** Routes of the connection to AWS. They need the admin role. */
const connectionRoutes = (app: Hono, medialive: MediaLiveService, { runner }: Pick<AppServices, "runner">): void => {
  methods(app, "/api/medialive/connection", {
    GET: (c) => runner.run(c, medialive.connection, (connection) => c.json(connection)),
    PUT: (c) =>
      runner.run(c, Effect.flatMap(readJson(c, ConnectionInput), medialive.setConnection), (connection) =>
        c.json(connection),
      ),
    DELETE: (c) => runner.run(c, medialive.removeConnection, () => c.body(null, 204)),
  })
  methods(app, "/api/medialive/connection/test", {
    POST: (c) => runner.run(c, medialive.test, (test) => c.json(test), TEST_WITHIN),
  })
}

export const medialiveRoutes = (
  app: Hono,
  medialive: MediaLiveService,
  services: Pick<AppServices, "runner">,
): void => {
  const { runner } = services
  connectionRoutes(app, medialive, services)
  methods(app, "/api/medialive", { GET: (c) => runner.run(c, medialive.list, (list) => c.json(list)) })
  methods(app, "/api/medialive/channels/:id", {
    GET: (c) => runner.run(c, medialive.channel(c.req.param("id")), (channel) => c.json(channel)),
  })
  methods(app, "/api/medialive/channels/:id/start", {
    POST: (c) => runner.run(c, medialive.start(c.req.param("id")), (channel) => c.json(channel), VERB_WITHIN),
  })
  methods(app, "/api/medialive/channels/:id/stop", {
    POST: (c) => runner.run(c, medialive.stop(c.req.param("id")), (channel) => c.json(channel), VERB_WITHIN),
  })
  methods(app, "/api/medialive/channels/:id/auto", {
    PUT: (c) => {
      const id = c.req.param("id")
      const set = Effect.flatMap(Effect.zipRight(medialive.channel(id), readJson(c, AutoInput)), (input) =>
        medialive.setAuto(id, input),
      )
      return runner.run(c, set, (auto) => c.json(auto))
    },
  })
  methods(app, "/api/medialive/costs", {
    GET: (c) => {
      const read = Effect.flatMap(readCostQuery(c), ({ format, month }) =>
        Effect.map(medialive.costs(month), (costs) => ({ costs, format })),
      )
      return runner.run(c, read, ({ costs, format }) => (format === "csv" ? costsFile(c, costs) : c.json(costs)))
    },
  })
  methods(app, "/api/channels/:id/medialive", {
    GET: (c) => runner.run(c, medialive.ofChannel(c.req.param("id")), (beside) => c.json(beside)),
  })
}
