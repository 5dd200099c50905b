/** @jsxImportSource hono/jsx */
/** The page of notifications: notices with acknowledgement and mutes, and who is told. */
import { Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import type { Choice } from "../../../../views/forms/form-state.ts"
import {
  type DestinationRow,
  NotificationsPage,
  type NotificationsProps,
} from "../../../../views/settings/NotificationsPage.tsx"
import { kindInfo } from "../../../effects/notifications/notice-kinds.ts"
import { type DestinationView, MuteInput, type NoticeView } from "../../../effects/notifications/notification-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { channelChoices } from "../forms/channel-choices.ts"
import { type Fields, field, numeric, pageAnswer, stateOf } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { destinationPageRoutes } from "./destination-pages.tsx"
import { ruleWords } from "./rule-fields.ts"
import { doneOf } from "./settings-forms.ts"

/** Time allowed for a test message, as mail servers take their time. */
const TESTED_WITHIN = Duration.seconds(40)
const MUTE_FIELDS = ["channel", "output", "minutes"]
const DURATIONS: ReadonlyArray<Choice> = [
  { value: "15", text: "15 minutes" },
  { value: "60", text: "1 hour" },
  { value: "240", text: "4 hours" },
  { value: "1440", text: "1 day" },
  { value: "10080", text: "1 week" },
]

const rowOf = (notice: NoticeView) => ({
  notice,
  words: notice.state === "open" ? kindInfo(notice.kind).words : kindInfo(notice.kind).over,
})

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

export const notificationPageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "notifications" | "runner">,
): void => {
  const { channels, notifications, runner } = services
  const withForm = makeWithForm(services)
  const read = Effect.all({
    notices: notifications.notices,
    mutes: notifications.mutes,
    destinations: notifications.destinations,
    rules: notifications.rules,
    channels: channels.list,
  })

  interface More {
    readonly fields?: Fields
    readonly problem?: Problem
    readonly tested?: NotificationsProps["tested"]
  }
  const page = (c: Context, { fields, problem, tested }: More = {}) =>
    runner.run(c, read, ({ channels, destinations, mutes, notices, rules }) => {
      const asked = { channel: c.req.query("channel") ?? "", output: c.req.query("output") ?? "", minutes: "60" }
      const html = (
        <NotificationsPage
          frame={frameOf(c, services)}
          done={doneOf(c)}
          open={notices.filter(({ state }) => state === "open").map(rowOf)}
          recent={notices.filter(({ state }) => state !== "open").map(rowOf)}
          mutes={mutes}
          destinations={destinations.map(destinationRow)}
          rules={rules.rules.map((rule) => ruleWords(rule, destinations))}
          channels={channelChoices(channels)}
          durations={DURATIONS}
          state={stateOf(fields ?? asked, problem, MUTE_FIELDS, "")}
          tested={tested}
        />
      )
      return pageAnswer(html, problem)
    })

  methods(app, "/settings/notifications", { GET: (c) => page(c) })
  methods(app, "/settings/notifications/mutes", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const [channel, output] = [field(fields, "channel") || null, field(fields, "output") || null]
        const input = { channel, output, minutes: numeric(field(fields, "minutes")) }
        const muted = await runner.settle(c, Effect.flatMap(decode(MuteInput, input), notifications.mute))
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
  methods(app, "/settings/notifications/:key/acknowledge", {
    POST: (c) =>
      runner.run(c, notifications.acknowledge(c.req.param("key")), () =>
        c.redirect("/settings/notifications?done=acknowledged", 303),
      ),
  })
}
