/** @jsxImportSource hono/jsx */
/** The page on which operators make and revoke links that show one output to a partner. */
import { Clock, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { PartnerLinksPage } from "../../../../views/partner/PartnerLinksPage.tsx"
import { NotFound } from "../../../effects/model/Errors.ts"
import { standingOf } from "../../../effects/partners/partner-bodies.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { errorsByField } from "../page-query.ts"

type Services = Pick<AppServices, "access" | "channels" | "partners" | "runner">

const LABEL = "the partner"
const DAYS = "30"

interface Outcome {
  readonly problem?: Problem
  /** Address of the link that was made. */
  readonly made?: string
  readonly label?: string
  readonly days?: string
}

const iso = (ms: number) => new Date(ms).toISOString()

const page = async (services: Services, c: Context, ref: string, asked: string, outcome: Outcome = {}) => {
  const { channels, partners, runner } = services
  const read = Effect.gen(function* () {
    const channel = yield* channels.get(ref)
    const output = channel.outputs.find(({ id, slug }) => id === asked || slug === asked)
    if (output === undefined) return yield* new NotFound({ kind: "output", ref: asked })
    return { channel, output, links: yield* partners.list(ref, asked), nowMs: yield* Clock.currentTimeMillis }
  })
  return runner.run(c, read, ({ channel, links, nowMs, output }) => {
    const channelPath = `/channels/${encodeURIComponent(channel.slug)}`
    const { problem } = outcome
    const errors =
      problem === undefined ? {} : problem.errors.length > 0 ? errorsByField(problem.errors) : { link: problem.detail }
    const body = (
      <PartnerLinksPage
        frame={frameOf(c, services)}
        channel={channel}
        output={output}
        channelPath={channelPath}
        path={`${channelPath}/outputs/${encodeURIComponent(output.slug)}/partner`}
        links={links.map((link) => ({
          id: link.id,
          label: link.label,
          createdBy: link.createdBy,
          createdAt: iso(link.createdAt),
          expiresAt: iso(link.expiresAt),
          seenAt: link.seenAt === null ? null : iso(link.seenAt),
          standing: standingOf(link, nowMs),
        }))}
        made={outcome.made}
        label={outcome.label ?? LABEL}
        days={outcome.days ?? DAYS}
        errors={errors}
      />
    )
    return new Response(String(body), {
      status: problem?.status ?? 200,
      headers: { ...problem?.headers, "Content-Type": "text/html; charset=UTF-8" },
    })
  })
}

export const partnerLinksPageRoutes = (app: Hono, services: Services): void => {
  const { access, partners, runner } = services
  const withForm = makeWithForm(services)
  methods(app, "/channels/:id/outputs/:output/partner", {
    GET: (c) => page(services, c, c.req.param("id"), c.req.param("output")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const { id, output } = c.req.param()
        const label = (fields["label"] ?? "").trim()
        const days = (fields["days"] ?? "").trim()
        const wanted = { label, days: /^\d{1,4}$/.test(days) ? Number(days) : 0 }
        const by = access.callerOf(c)?.name ?? "the operator"
        const made = await runner.settle(c, partners.create(id, output, wanted, by))
        if (Either.isLeft(made)) return page(services, c, id, output, { problem: made.left, label, days })
        // Answered at once and not by a redirect: the token is nowhere else.
        return page(services, c, id, output, { made: `${new URL(c.req.url).origin}/partner/${made.right.token}` })
      }),
  })
  methods(app, "/channels/:id/outputs/:output/partner/:link/revoke", {
    POST: async (c) => {
      const { id, link, output } = c.req.param()
      const done = await runner.settle(c, partners.revoke(id, output, link))
      if (Either.isLeft(done))
        return done.left.kind === "not-found"
          ? page(services, c, id, output, { problem: done.left })
          : problemResponse(done.left, c.req.path)
      return c.redirect(`/channels/${encodeURIComponent(id)}/outputs/${encodeURIComponent(output)}/partner`, 303)
    },
  })
}
