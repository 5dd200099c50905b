/** @jsxImportSource hono/jsx */
/** The page of notifications: notices with acknowledgement and mutes, and who is told. */
import { Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import type { DestinationRow } from "../../../../views/settings/Destinations.tsx"
import { NotificationsPage, type NotificationsProps } from "../../../../views/settings/NotificationsPage.tsx"
import { causesOf } from "../../../effects/notifications/causes.ts"
import { kindInfo } from "../../../effects/notifications/notice-kinds.ts"
import {
  AcknowledgeInput,
  type DestinationView,
  MuteInput,
  type NoticeView,
} from "../../../effects/notifications/notification-bodies.ts"
import { decode, readFields } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import { MAX_BULK } from "../../routes/bulk.ts"
import type { AppServices } from "../../services/services.ts"
import { channelChoices } from "../forms/channel-choices.ts"
import { type Fields, pageAnswer, stateOf } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { destinationPageRoutes } from "./destination-pages.tsx"
import { emptyMute, MUTE_ALIASES, muteBody, muteFields } from "./mute-fields.ts"
import { ruleWords } from "./rule-fields.ts"
import { rulePageRoutes } from "./rule-pages.tsx"
import { doneOf } from "./settings-forms.ts"

/** Time allowed for a test message, as mail servers take their time. */
const TESTED_WITHIN = Duration.seconds(40)

const rowOf = (notice: NoticeView) => ({
  notice,
  words: notice.state === "open" ? kindInfo(notice.kind).words : kindInfo(notice.kind).over,
})

/** Open notices, a row for each cause. */
const incidentsOf = (notices: ReadonlyArray<NoticeView>) => {
  const open = new Map(notices.filter(({ state }) => state === "open").map((notice) => [notice.key, rowOf(notice)]))
  return causesOf(notices).map((cause) => ({ cause, rows: cause.keys.flatMap((key) => open.get(key) ?? []) }))
}

const destinationRow = ({
  delivery,
  enabled,
  from,
  host,
  id,
  kind,
  name,
  port,
  to,
  url,
}: DestinationView): DestinationRow => {
  const { failed, last_error, queued, sent } = delivery
  const counts = [
    `${sent} sent`,
    ...(queued > 0 ? [`${queued} waiting`] : []),
    ...(failed > 0 ? [`${failed} given up`] : []),
  ].join(", ")
  return {
    id,
    name,
    kind,
    enabled,
    isFailing: last_error !== null,
    to: kind === "email" ? `${to.join(", ")} from ${from ?? ""} by ${host ?? ""} port ${port ?? ""}` : (url ?? ""),
    does: last_error === null ? counts : `${counts}; last error: ${last_error}`,
  }
}

/** What a page shows after a form was sent. */
interface More {
  readonly fields?: Fields
  readonly problem?: Problem
  readonly tested?: NotificationsProps["tested"]
}

export const notificationPageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "notifications" | "runner" | "stationZone">,
): void => {
  const { channels, notifications, runner, stationZone } = services
  const withForm = makeWithForm(services)
  const read = Effect.all({
    notices: notifications.notices,
    mutes: notifications.mutes,
    destinations: notifications.destinations,
    rules: notifications.rules,
    channels: channels.list,
  })

  const page = (c: Context, { fields, problem, tested }: More = {}) =>
    runner.run(c, read, ({ channels, destinations, mutes, notices, rules }) => {
      const { channel = "", output = "" } = c.req.query()
      const asked = emptyMute({ channel, output }, stationZone)
      const specs = muteFields(channelChoices(channels))
      const names = specs.map(({ name }) => name)
      const html = (
        <NotificationsPage
          frame={frameOf(c, services)}
          done={doneOf(c)}
          open={incidentsOf(notices)}
          recent={notices.filter(({ state }) => state !== "open").map(rowOf)}
          mutes={mutes}
          destinations={destinations.map(destinationRow)}
          rules={rules.rules.map((rule) => ruleWords(rule, destinations))}
          muteFields={specs}
          state={stateOf(fields ?? asked, problem, names, "", MUTE_ALIASES)}
          tested={tested}
        />
      )
      return pageAnswer(html, problem)
    })

  methods(app, "/settings/notifications", { GET: (c) => page(c) })
  methods(app, "/settings/notifications/mutes", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const input = Effect.flatMap(muteBody(fields, Date.now(), stationZone), (body) => decode(MuteInput, body))
        const muted = await runner.settle(c, Effect.flatMap(input, notifications.mute))
        return Either.isLeft(muted)
          ? page(c, { fields, problem: muted.left })
          : c.redirect("/settings/notifications?done=muted#mute", 303)
      }),
  })
  methods(app, "/settings/notifications/mutes/:id/end", {
    POST: (c) =>
      runner.run(c, notifications.unmute(c.req.param("id")), () =>
        c.redirect("/settings/notifications?done=unmuted#mute", 303),
      ),
  })
  methods(app, "/settings/notifications/destinations/:id/test", {
    POST: async (c) => {
      const id = c.req.param("id")
      const test = Effect.all({ destination: notifications.destination(id), answer: notifications.test(id) })
      const tested = await runner.settle(c, test, TESTED_WITHIN)
      if (Either.isLeft(tested)) return problemResponse(tested.left, c.req.path)
      const { answer, destination } = tested.right
      return page(c, { tested: { name: destination.name, answer } })
    },
  })
  destinationPageRoutes(app, services)
  rulePageRoutes(app, services)
  methods(app, "/settings/notifications/acknowledge", {
    POST: async (c) => {
      const form = await runner.settle(c, readFields(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const input = { keys: [...new Set(form.right.getAll("key"))].slice(0, MAX_BULK) }
      const seen = Effect.flatMap(decode(AcknowledgeInput, input), notifications.acknowledgeMany)
      return runner.run(c, seen, () => c.redirect("/settings/notifications?done=acknowledged", 303))
    },
  })
}
