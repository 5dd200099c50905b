/** @jsxImportSource hono/jsx */
/** The page of what happened to a channel, and the figures behind its plots. */
import { Clock, Effect } from "effect"
import type { Context, Hono } from "hono"
import { may } from "../../../../views/layout/frame.ts"
import { type Choice, HistoryPage } from "../../../../views/records/HistoryPage.tsx"
import type { Zone } from "../../../core/schedule/local-time.ts"
import type { CueView } from "../../../effects/model/cue.ts"
import { methods } from "../../request/methods.ts"
import type { ApiError } from "../../request/problem.ts"
import { readSpanQuery, type SpanAsked, type SpanName, zoneOf } from "../../request/span-query.ts"
import type { AppServices } from "../../services/services.ts"
import { stationOf } from "../../services/station.ts"
import { missesByOutput, timelineOf } from "../../services/timeline.ts"
import { frameOf } from "../frame.ts"
import { pageQuery } from "../page-query.ts"

type Services = Pick<AppServices, "access" | "audit" | "channels" | "records" | "runner">

/** Rows of each sort that are read, and rows that are shown; there is a link to earlier ones. */
const MOST_READ = 5000
const MOST_SHOWN = 500
/** Entries of the audit log that are looked at. */
const MOST_CHANGES = 1000

const NAMES: Readonly<Record<SpanName, string>> = {
  night: "Last night",
  yesterday: "Yesterday",
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
  "400d": "400 days",
}

const addressOf = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return given.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(given))}`
}

/** The time as the query of an address: by its name, or as it was given. */
const timeOf = ({ fromMs, name, toMs }: SpanAsked) =>
  name === null ? { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() } : { span: name }

/** Links to other times and to single outputs; `path` is the page's, `zone` the one that the address names. */
const choicesOf = (
  path: string,
  zone: Zone | undefined,
  asked: SpanAsked,
  slugs: ReadonlyArray<string>,
  cues: ReadonlyArray<CueView>,
) => {
  const show = asked.misses ? "misses" : undefined
  const spans = (Object.keys(NAMES) as ReadonlyArray<SpanName>).map(
    (span): Choice => ({
      href: addressOf(path, { span, zone, output: asked.output, show }),
      text: NAMES[span],
      isHere: span === asked.name,
    }),
  )
  const missed = missesByOutput(cues)
  const narrowed = (output: string | undefined, misses: boolean, text: string): Choice => ({
    href: addressOf(path, { ...timeOf(asked), zone, output, show: misses ? "misses" : undefined }),
    text,
    isHere: output === asked.output && misses === asked.misses,
    ...(misses ? { isBad: true } : {}),
  })
  const outputs = [
    narrowed(undefined, false, "Everything"),
    ...slugs.flatMap((slug) => {
      const count = missed.get(slug) ?? 0
      return [narrowed(slug, false, slug), ...(count === 0 ? [] : [narrowed(slug, true, `${slug}: ${count} missed`)])]
    }),
  ]
  return { spans, outputs }
}

/** All that the page shows, or fails. */
const readPage = (services: Services, c: Context, ref: string) =>
  Effect.gen(function* () {
    const { access, audit, channels, records } = services
    const nowMs = yield* Clock.currentTimeMillis
    const zone = yield* records.zone(ref)
    const url = new URL(c.req.url)
    const asked = yield* readSpanQuery(
      pageQuery(url, zoneOf(url.searchParams.get("zone") ?? "") ?? zone),
      zone,
      nowMs,
      "night",
    )
    const showsChanges = may(frameOf(c, { access }), "operator")
    const found = yield* Effect.all({
      channel: channels.get(ref),
      cues: records.cues(ref, asked, MOST_READ),
      events: records.events(ref, asked, MOST_READ),
      audit: showsChanges
        ? audit.rows.list({ limit: MOST_CHANGES, sinceMs: asked.fromMs, untilMs: asked.toMs })
        : Effect.succeed([]),
      figures: records.figures(
        ref,
        { fromS: Math.floor(asked.fromMs / 1000), toS: Math.ceil(asked.toMs / 1000) },
        asked.output,
      ),
    })
    return { ...found, asked, showsChanges, zoneAsked: asked.zone === zone ? undefined : asked.zone }
  })

const page = (services: Services, c: Context, ref: string): Promise<Response> => {
  const { access, runner } = services
  const read: Effect.Effect<Effect.Effect.Success<ReturnType<typeof readPage>>, ApiError> = readPage(services, c, ref)
  return runner.run(c, read, ({ asked, audit, channel, cues, events, figures, showsChanges, zoneAsked }) => {
    const { fromMs, misses, output, toMs, zone } = asked
    const path = `/channels/${encodeURIComponent(channel.slug)}`
    const named = ({ id, number, slug }: typeof channel | (typeof channel.outputs)[number]) => ({ id, number, slug })
    const parts = {
      channel: named(channel),
      outputs: channel.outputs.map(named),
      events: events.rows,
      cues: cues.rows,
      // Requests are on record by name: what another channel of this name had done before is not told of this one.
      audit: audit.filter(({ at }) => at >= channel.created_at),
    }
    const items = timelineOf(parts, { output, misses })
    const shown = items.slice(0, MOST_SHOWN)
    const slugs = [...new Set([...channel.outputs.map(({ slug }) => slug), ...missesByOutput(cues.rows).keys()])]
    // What was cut off begins before the oldest that is shown, or read.
    const read = [cues, events].flatMap(({ more, rows }) => (more ? [Date.parse(rows[0]?.at ?? "")] : []))
    const change = audit.length === MOST_CHANGES ? [Date.parse(audit.at(-1)?.at ?? "")] : []
    const until = Math.max(
      ...read,
      ...change,
      items.length > shown.length ? (shown.at(-1)?.atMs ?? fromMs) + 1 : fromMs,
    )
    const time = { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() }
    return c.html(
      <HistoryPage
        frame={frameOf(c, { access })}
        channel={channel}
        path={path}
        station={stationOf(zone)}
        since={time.since}
        until={time.until}
        {...choicesOf(`${path}/history`, zoneAsked, asked, slugs, cues.rows)}
        figures={figures}
        query={addressOf("", { ...time, output }).slice(1)}
        rows={shown.map(({ atMs, sort: _, ...row }) => ({
          ...row,
          at: new Date(atMs).toISOString(),
        }))}
        earlier={
          until > fromMs
            ? addressOf(`${path}/history`, {
                since: time.since,
                until: new Date(until).toISOString(),
                zone: zoneAsked,
                output,
                show: misses ? "misses" : undefined,
              })
            : undefined
        }
        showsChanges={showsChanges}
        kept={Object.entries({ output, show: misses ? "misses" : undefined }).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value] as const],
        )}
      />,
    )
  })
}

export const historyPageRoutes = (app: Hono, services: Services): void => {
  const { records, runner } = services
  methods(app, "/channels/:id/history", { GET: (c) => page(services, c, c.req.param("id")) })
  methods(app, "/api/channels/:id/figures", {
    GET: (c) => {
      const ref = c.req.param("id")
      const read = Effect.gen(function* () {
        const zone = yield* records.zone(ref)
        const nowMs = yield* Clock.currentTimeMillis
        const { fromMs, output, toMs } = yield* readSpanQuery(new URL(c.req.url).searchParams, zone, nowMs, "24h")
        return yield* records.figures(ref, { fromS: Math.floor(fromMs / 1000), toS: Math.ceil(toMs / 1000) }, output)
      })
      return runner.run(c, read, (figures) => c.json(figures))
    },
  })
}
