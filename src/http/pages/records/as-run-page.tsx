/** @jsxImportSource hono/jsx */
/** The as-run report of a channel: which cue was sent when by which output, as page, JSON and CSV. */
import { Clock, Effect } from "effect"
import type { Context, Hono } from "hono"
import { AsRunPage } from "../../../../views/records/AsRunPage.tsx"
import type { Choice } from "../../../../views/records/HistoryPage.tsx"
import { addDays, clockText, offsetText, type Zone } from "../../../core/schedule/local-time.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import type { CueView } from "../../../effects/model/cue.ts"
import { type AsRunLine, asRunLines, breaksOf, outputsOf, sumsOf } from "../../../effects/show/as-run.ts"
import { methods } from "../../request/methods.ts"
import type { ApiError } from "../../request/problem.ts"
import { type DaysAsked, dateOf, dateText, readDaysQuery } from "../../request/span-query.ts"
import { type CsvColumn, csvHeaders, csvOf } from "../../routes/csv.ts"
import type { AppServices } from "../../services/services.ts"
import { stationOf } from "../../services/station.ts"
import { frameOf } from "../frame.ts"
import { pageQuery } from "../page-query.ts"

type Services = Pick<AppServices, "access" | "channels" | "records" | "runner">

/** Rows that the page shows; the CSV has all. */
const MOST_ROWS = 1000

interface Report {
  readonly asked: DaysAsked
  /** The zone that addresses have to name; undefined for the one without a name. */
  readonly zoneAsked: Zone | undefined
  readonly channel: ChannelView
  /** Oldest first: all that are kept. */
  readonly cues: ReadonlyArray<CueView>
  readonly isComplete: boolean
}

const readReport = (
  { channels, records }: Services,
  ref: string,
  parameters: URLSearchParams,
): Effect.Effect<Report, ApiError> =>
  Effect.gen(function* () {
    const zone = yield* records.zone(ref)
    const asked = yield* readDaysQuery(parameters, zone, yield* Clock.currentTimeMillis)
    const channel = yield* channels.get(ref)
    const { rows } = yield* records.cues(ref, asked)
    const cues =
      asked.output === undefined ? rows : rows.filter((cue) => cue.outputs.some((one) => one.output === asked.output))
    const zoneAsked = asked.zone === zone ? undefined : asked.zone
    return { asked, channel, cues, zoneAsked, isComplete: yield* records.reachesBack(ref, asked.fromMs) }
  })

const lineOf = ({ cue, due, proof }: AsRunLine) => ({
  output: proof?.output ?? null,
  cue: cue.id,
  at: cue.at,
  due_at: due,
  kind: cue.kind,
  command: cue.command,
  event_id: cue.event_id,
  upids: cue.upids,
  duration_s: cue.duration_s,
  description: cue.description,
  manual: cue.manual,
  status: proof?.status ?? null,
  sent_at: proof?.status === "sent" ? proof.at : null,
  delay_ms: proof?.delay_ms ?? null,
  acknowledged_at: proof?.acknowledged_at ?? null,
  acknowledged_ms: proof?.acknowledged_ms ?? null,
  reason: proof?.reason ?? null,
})
type Line = ReturnType<typeof lineOf>

const columnsFor = (slug: string, zone: string): ReadonlyArray<CsvColumn<Line>> => {
  const local = (at: string | null) => (at === null ? null : clockText(Date.parse(at), zone))
  return [
    ["channel", () => slug],
    ["output", ({ output }) => output],
    ["due_local", ({ due_at }) => local(due_at)],
    ["zone", () => zone],
    ["due_at", ({ due_at }) => due_at],
    ["arrived_at", ({ at }) => at],
    ["kind", ({ kind }) => kind],
    ["command", ({ command }) => command],
    ["event_id", ({ event_id }) => event_id],
    ["upids", ({ upids }) => upids.join("; ")],
    ["duration_s", ({ duration_s }) => duration_s],
    ["description", ({ description }) => description],
    ["manual", ({ manual }) => manual],
    ["status", ({ status }) => status],
    ["sent_at", ({ sent_at }) => sent_at],
    ["delay_ms", ({ delay_ms }) => delay_ms],
    ["acknowledged_at", ({ acknowledged_at }) => acknowledged_at],
    ["acknowledged_ms", ({ acknowledged_ms }) => acknowledged_ms],
    ["reason", ({ reason }) => reason],
    ["cue", ({ cue }) => cue],
    ["arrived_local", ({ at }) => local(at)],
    ["sent_local", ({ sent_at }) => local(sent_at)],
    ["acknowledged_local", ({ acknowledged_at }) => local(acknowledged_at)],
    ["utc_offset", ({ due_at }) => offsetText(Date.parse(due_at), zone)],
  ]
}

/** Address with what is asked for, and `over` in its place. */
const addressOf = (
  path: string,
  { asked: { name, output }, zoneAsked: zone }: Pick<Report, "asked" | "zoneAsked">,
  over: Readonly<Record<string, string | undefined>>,
) => {
  const time = name.length === 7 ? { month: name } : { day: name }
  const query = { ...time, output, zone, ...over }
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return `${path}?${new URLSearchParams(Object.fromEntries(given))}`
}

/** Links to the days or months before and after. */
const timesOf = (path: string, report: Pick<Report, "asked" | "zoneAsked">): ReadonlyArray<Choice> => {
  const { asked } = report
  const isMonth = asked.name.length === 7
  const first = dateOf(isMonth ? `${asked.name}-01` : asked.name) ?? { year: 1970, month: 1, day: 1 }
  const link = (text: string, isHere = false): Choice => ({
    href: addressOf(
      path,
      report,
      text.length === 7 ? { day: undefined, month: text } : { month: undefined, day: text },
    ),
    text,
    isHere,
  })
  if (!isMonth)
    return [
      link(dateText(addDays(first, -1))),
      link(asked.name, true),
      link(dateText(addDays(first, 1))),
      link(asked.name.slice(0, 7)),
    ]
  const before = dateText(addDays(first, -1)).slice(0, 7)
  const after = dateText(addDays({ ...first, day: 28 }, 7)).slice(0, 7)
  return [link(before), link(asked.name, true), link(after)]
}

const page = (services: Services, c: Context, report: Report): Response => {
  const { asked, channel, cues, isComplete } = report
  const path = `/channels/${encodeURIComponent(channel.slug)}`
  const here = `${path}/as-run`
  const api = `/api/channels/${encodeURIComponent(channel.slug)}/as-run`
  const columns = outputsOf(
    cues,
    channel.outputs.map(({ slug }) => slug),
  )
  const shownColumns = asked.output === undefined ? columns : [asked.output]
  const breaks = asked.output === undefined ? breaksOf(cues) : []
  const lines = asked.output === undefined ? null : asRunLines(cues, asked.output)
  const rows = lines?.length ?? breaks.length
  const choice = (output: string | undefined): Choice => ({
    href: addressOf(here, report, { output }),
    text: output ?? "All outputs",
    isHere: output === asked.output,
  })
  const body = (
    <AsRunPage
      frame={frameOf(c, services)}
      channel={channel}
      path={path}
      name={asked.name}
      times={timesOf(here, report)}
      outputs={[choice(undefined), ...columns.map(choice)]}
      csv={addressOf(api, report, { format: "csv" })}
      json={addressOf(api, report, {})}
      monthCsv={addressOf(api, report, { day: undefined, month: asked.name.slice(0, 7), format: "csv" })}
      sums={sumsOf(cues, shownColumns)}
      columns={shownColumns}
      breaks={breaks.slice(0, MOST_ROWS)}
      lines={lines?.slice(0, MOST_ROWS) ?? null}
      leftOut={Math.max(0, rows - MOST_ROWS)}
      isComplete={isComplete}
      station={stationOf(asked.zone)}
    />
  )
  return new Response(String(body), { headers: { "Content-Type": "text/html; charset=UTF-8" } })
}

export const asRunRoutes = (app: Hono, services: Services): void => {
  const { runner } = services
  methods(app, "/channels/:id/as-run", {
    GET: (c) =>
      runner.run(c, readReport(services, c.req.param("id"), pageQuery(new URL(c.req.url))), (report) =>
        page(services, c, report),
      ),
  })
  methods(app, "/api/channels/:id/as-run", {
    GET: (c) =>
      runner.run(c, readReport(services, c.req.param("id"), new URL(c.req.url).searchParams), (report) => {
        const { asked, channel, cues, isComplete } = report
        const lines = asRunLines(cues, asked.output).map(lineOf)
        if (asked.format === "csv") {
          const name = [channel.slug, asked.output, "as-run", asked.name].filter((part) => part !== undefined).join("-")
          return c.body(csvOf(columnsFor(channel.slug, asked.zone), lines), 200, csvHeaders(`${name}.csv`))
        }
        return c.json({
          channel: channel.slug,
          since: new Date(asked.fromMs).toISOString(),
          until: new Date(asked.toMs).toISOString(),
          zone: asked.zone,
          complete: isComplete,
          lines,
        })
      }),
  })
}
