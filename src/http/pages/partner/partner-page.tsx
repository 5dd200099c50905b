/** @jsxImportSource hono/jsx */
/**
 * The page that a partner link opens. Its token is the only proof, and good for nothing else: no other route looks at
 * it.
 */
import { Clock, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import type { Frame } from "../../../../views/layout/frame.ts"
import {
  PartnerGonePage,
  type PartnerNow,
  PartnerNowPart,
  PartnerPage,
} from "../../../../views/partner/PartnerPage.tsx"
import { receiverHelp } from "../../../../views/partner/receiver-lines.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import type { CueView } from "../../../effects/model/cue.ts"
import { type PartnerStanding, standingOf } from "../../../effects/partners/partner-bodies.ts"
import type { PartnerLink } from "../../../effects/partners/partner-rows.ts"
import { addressOf } from "../../access/requester.ts"
import { methods } from "../../request/methods.ts"
import { makeProblem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"

type Services = Pick<AppServices, "access" | "channels" | "cues" | "limits" | "partners" | "runner">

/** Cues that are shown, among so many of the channel. */
const CUES = 10
const LOOKED_AT = 100

/** The page's frame: nobody is logged in on it, whoever looks. */
const outside = (c: Context, services: Services): Frame => ({
  ...frameOf(c, services),
  caller: null,
  canLogOut: false,
  removed: undefined,
  openNotices: undefined,
  medialive: false,
  hasNodes: false,
  here: "/",
})

const nextOf = ({ scte35 }: ChannelView, cues: ReadonlyArray<CueView>, nowMs: number): string | null => {
  const event = scte35.event_id === null ? "" : ` (event ${scte35.event_id})`
  if (scte35.state === "in_break")
    return `a break runs${event}${scte35.ends_in_s === null ? "" : `, and ends in ${Math.ceil(scte35.ends_in_s)} s`}`
  if (scte35.state !== "announced") return null
  const due = cues
    .filter(({ kind }) => kind === "out" || kind === "start")
    .map(({ at, preroll_s }) => (Date.parse(at) + (preroll_s ?? 0) * 1000 - nowMs) / 1000)
    .find((seconds) => seconds > 0)
  return `announced${event}${due === undefined ? "" : `, in ${Math.ceil(due)} s`}`
}

const GONE = {
  expired: "This link has expired. Ask whoever gave it to you for a new one.",
  revoked: "This link has been revoked. Ask whoever gave it to you for a new one.",
} as const

/** What a link shows, or why it shows nothing. */
const look = ({ channels, cues }: Services, link: PartnerLink, standing: PartnerStanding) =>
  Effect.gen(function* () {
    if (standing !== "works") return { gone: GONE[standing] }
    // From the list: another node may run the channel.
    const channel = (yield* channels.list).find(({ id }) => id === link.channelId)
    const output = channel?.outputs.find(({ id }) => id === link.outputId)
    if (channel === undefined || output === undefined)
      return { gone: `The output ${link.outputName} of ${link.channelName} is gone: it was deleted.` }
    const now = yield* Clock.currentTimeMillis
    const last = yield* cues.list(channel.id, { limit: LOOKED_AT })
    const mine = last.flatMap((cue) => {
      const outputs = cue.outputs.filter((proof) => proof.output === output.slug)
      return outputs.length === 0 ? [] : [{ ...cue, outputs }]
    })
    const hasInput = channel.status === "running"
    const shown: PartnerNow = { output, hasInput, cues: mine.slice(0, CUES), next: nextOf(channel, mine, now), now }
    return { channel, shown }
  })

const answer = (body: unknown, status: number): Response =>
  new Response(String(body), {
    status,
    headers: { "Content-Type": "text/html; charset=UTF-8", "X-Robots-Tag": "noindex" },
  })

const tooMany = (c: Context, seconds: number): Response =>
  problemResponse(
    makeProblem("too-many-requests", `partner links were tried too often; try again in ${seconds} s`, {
      headers: { "Retry-After": String(seconds) },
    }),
    // Not the path, which holds the token.
    c.req.routePath,
  )

export const partnerPageRoutes = (app: Hono, services: Services): void => {
  const { limits, partners, runner } = services
  methods(app, "/partner/:token", {
    GET: async (c) => {
      const token = c.req.param("token")
      const address = addressOf(c)
      const blocked = Math.max(limits.partnerTries.waitFor(address), limits.partnerViews.waitFor(token))
      if (blocked > 0) return tooMany(c, blocked)
      const frame = outside(c, services)
      const opened = await runner.settle(c, partners.open(token))
      if (Either.isLeft(opened)) return problemResponse(opened.left, c.req.routePath)
      const link = opened.right
      if (link === null) {
        limits.partnerTries.count(address)
        const text = "There is no such link. Check that the whole address was copied."
        return answer(<PartnerGonePage frame={frame} title="Partner link" text={text} />, 404)
      }
      limits.partnerViews.count(token)
      const read = Effect.flatMap(Clock.currentTimeMillis, (nowMs) => look(services, link, standingOf(link, nowMs)))
      const found = await runner.settle(c, read)
      if (Either.isLeft(found)) return problemResponse(found.left, c.req.routePath)
      const title = `${link.channelName}: ${link.outputName}`
      if ("gone" in found.right) {
        const text = found.right.gone ?? ""
        return answer(<PartnerGonePage frame={frame} title={title} text={text} />, 410)
      }
      const { channel, shown } = found.right
      if (c.req.query("part") === "now") return answer(<PartnerNowPart now={shown} />, 200)
      return answer(
        <PartnerPage
          frame={frame}
          title={`${channel.name}: ${shown.output.name}`}
          label={link.label}
          until={new Date(link.expiresAt).toISOString()}
          path={`/partner/${token}`}
          now={shown}
          help={receiverHelp(shown.output, channel.slug, new URL(c.req.url).origin)}
        />,
        200,
      )
    },
  })
}
