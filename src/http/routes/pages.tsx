/** @jsxImportSource hono/jsx */
/** Pages for operators. Every form works without JavaScript; with htmx, buttons swap the table in place. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ChannelTable } from "../../../views/ChannelTable.tsx"
import { EventsPage } from "../../../views/EventsPage.tsx"
import { type FormState, StatusPage } from "../../../views/StatusPage.tsx"
import { ChannelInput, OutputInput } from "../../effects/request-bodies.ts"
import { decode, readForm } from "../body.ts"
import { readEventQuery } from "../event-query.ts"
import { methods } from "../methods.ts"
import { type ApiError, type Problem, problemResponse } from "../problem.ts"
import type { AppServices } from "../services.ts"

type Fields = Readonly<Record<string, string>>
type PageMore = { readonly problem?: Problem; readonly form?: { readonly which: "channel" | "output"; readonly fields: Fields } }

/** A field left empty is a field not given. */
const filled = (fields: Fields, names: ReadonlyArray<string>): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, (fields[name] ?? "").trim()]).filter(([, value]) => value !== ""))

/** Digits become a number; anything else stays for the schema to refuse. */
const numeric = (fields: Record<string, string>, names: ReadonlyArray<string>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, names.includes(name) && /^\d{1,15}$/.test(value) ? Number(value) : value]),
  )

const CHANNEL_FIELDS = ["name", "rtp_ip", "rtp_port", "backup_rtp_ip", "backup_rtp_port"]
const channelOf = (fields: Fields) => numeric(filled(fields, CHANNEL_FIELDS), ["rtp_port", "backup_rtp_port"])

const stateOf = (fields: Fields, problem: Problem | undefined): FormState => ({
  values: fields,
  errors: Object.fromEntries((problem?.errors ?? []).map(({ path, message }) => [path, message])),
})

/** The part of a problem that no field of the form shows. */
const alertOf = (problem: Problem | undefined, form: PageMore["form"]): string | undefined => {
  if (problem === undefined) return undefined
  const shown = form?.which === "channel" ? CHANNEL_FIELDS : form?.which === "output" ? ["name", "url", "channel"] : []
  const rest = problem.errors.filter(({ path }) => !shown.includes(path))
  if (problem.errors.length > 0 && rest.length === 0) return undefined
  return rest.length > 0 ? rest.map(({ path, message }) => `${path}: ${message}`).join("; ") : problem.detail
}

export const pageRoutes = (app: Hono, { access, distributor, runner }: AppServices): void => {
  const page = (c: Context, more: PageMore = {}): Promise<Response> =>
    runner.run(c, Effect.all([distributor.health, distributor.list]), ([health, channels]) => {
      const state = more.form === undefined ? undefined : stateOf(more.form.fields, more.problem)
      const html = (
        <StatusPage
          channels={channels}
          now={Date.now()}
          version={health.version}
          problems={health.problems.filter((problem) => !health.channel_problems.includes(problem))}
          alert={alertOf(more.problem, more.form)}
          channelForm={more.form?.which === "channel" ? state : undefined}
          outputForm={more.form?.which === "output" ? state : undefined}
          selected={c.req.query("channel")}
          live={c.req.query("live") !== "off"}
          canLogOut={access.required}
        />
      )
      return new Response(String(html), {
        status: more.problem?.status ?? 200,
        headers: { ...more.problem?.headers, "Content-Type": "text/html; charset=UTF-8" },
      })
    })
  const fragment = (c: Context) =>
    runner.run(c, distributor.list, (channels) => c.html(<ChannelTable channels={channels} now={Date.now()} />))

  const events = (c: Context, ref: string) =>
    runner.run(
      c,
      Effect.flatMap(readEventQuery(new URL(c.req.url).searchParams), (query) =>
        Effect.all([distributor.get(ref), distributor.events(ref, query), Effect.succeed(query.limit)]),
      ),
      ([channel, found, limit]) => c.html(<EventsPage channel={channel} events={found} more={found.length === limit} />),
    )

  methods(app, "/", { GET: (c) => page(c) })
  methods(app, "/fragments/channels", { GET: fragment })

  const add = (path: string, which: "channel" | "output", save: (fields: Fields) => Effect.Effect<string, ApiError>) =>
    methods(app, path, {
      POST: async (c) => {
        const form = await runner.settle(c, readForm(c))
        if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
        const saved = await runner.settle(c, save(form.right))
        if (Either.isLeft(saved)) return page(c, { problem: saved.left, form: { which, fields: form.right } })
        return c.redirect(`/#${saved.right}`, 303)
      },
    })
  add("/channels", "channel", (fields) =>
    decode(ChannelInput, channelOf(fields)).pipe(
      Effect.flatMap(distributor.create),
      Effect.map((channel) => `channel-${channel.slug}`),
    ),
  )
  add("/outputs", "output", (fields) =>
    decode(OutputInput, filled(fields, ["name", "url"])).pipe(
      Effect.flatMap((input) => distributor.addOutput(fields["channel"] ?? "", input)),
      Effect.map((output) => `output-${output.id}`),
    ),
  )

  /** Buttons: back to the page, or the new table for htmx; a failure shows as a banner on the whole page. */
  const act = async (c: Context, effect: Effect.Effect<unknown, ApiError>): Promise<Response> => {
    const done = await runner.settle(c, effect)
    const inPlace = c.req.header("hx-request") === "true"
    if (Either.isRight(done)) return inPlace ? fragment(c) : c.redirect("/", 303)
    const failed = await page(c, { problem: done.left })
    if (inPlace) {
      failed.headers.set("HX-Retarget", "body")
      failed.headers.set("HX-Reswap", "innerHTML")
    }
    return failed
  }
  methods(app, "/channels/:id/start", { POST: (c) => act(c, distributor.start(c.req.param("id"))) })
  methods(app, "/channels/:id/stop", { POST: (c) => act(c, distributor.stop(c.req.param("id"))) })
  for (const source of ["primary", "backup"] as const) {
    methods(app, `/channels/:id/switch/${source}`, { POST: (c) => act(c, distributor.switchSource(c.req.param("id"), source)) })
  }
  methods(app, "/channels/:id/events", { GET: (c) => events(c, c.req.param("id")) })
  methods(app, "/channels/:id/outputs/:output/start", {
    POST: (c) => act(c, distributor.startOutput(c.req.param("id"), c.req.param("output"))),
  })
  methods(app, "/channels/:id/outputs/:output/stop", {
    POST: (c) => act(c, distributor.stopOutput(c.req.param("id"), c.req.param("output"))),
  })
}
