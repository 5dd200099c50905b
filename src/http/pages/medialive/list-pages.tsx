/** @jsxImportSource hono/jsx */
/** The pages that show channels of MediaLive, and their event streams. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { may } from "../../../../views/layout/frame.ts"
import { channelRegions, MediaLiveChannelPage } from "../../../../views/medialive/MediaLiveChannelPage.tsx"
import { listRegions, MediaLiveListPage } from "../../../../views/medialive/MediaLiveListPage.tsx"
import type { MediaLiveService } from "../../../effects/medialive/medialive-service.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { pageAnswer } from "../forms/form-fields.ts"
import { frameOf } from "../frame.ts"
import { sentenceOf } from "../settings/settings-forms.ts"

type Services = Pick<AppServices, "access" | "live" | "runner">

/** What was just done, by `?done=`: nobody can put words of their own on the page. */
const DONE: Readonly<Record<string, string>> = {
  start: "MediaLive was asked to start it: that takes a minute or more.",
  stop: "MediaLive was asked to stop it.",
  auto: "Saved.",
}

/** The page of a channel of MediaLive, with what went wrong when something did. */
export const channelPage = (
  c: Context,
  medialive: MediaLiveService,
  services: Services,
  id: string,
  problem?: Problem,
): Promise<Response> =>
  services.runner.run(c, medialive.channel(id), (channel) => {
    const frame = frameOf(c, services)
    const done = DONE[c.req.query("done") ?? ""]
    const here = `/medialive/channels/${encodeURIComponent(id)}`
    const html = (
      <MediaLiveChannelPage
        frame={problem === undefined ? frame : { ...frame, here }}
        channel={channel}
        mayAct={may(frame, "operator")}
        done={problem === undefined && Object.hasOwn(DONE, c.req.query("done") ?? "") ? done : undefined}
        problem={problem === undefined ? undefined : sentenceOf(problem)}
      />
    )
    return pageAnswer(html, problem)
  })

export const listPageRoutes = (app: Hono, medialive: MediaLiveService, services: Services): void => {
  const { live, runner } = services
  methods(app, "/medialive", {
    GET: (c) =>
      runner.run(c, medialive.list, (list) => c.html(<MediaLiveListPage frame={frameOf(c, services)} list={list} />)),
  })
  methods(app, "/live/medialive", {
    GET: (c) => live.stream(c, "medialive", Effect.map(medialive.list, listRegions)),
  })
  methods(app, "/medialive/channels/:id", {
    GET: (c) => channelPage(c, medialive, services, c.req.param("id")),
  })
  methods(app, "/live/medialive/channels/:id", {
    GET: async (c) => {
      const id = c.req.param("id")
      const mayAct = may(frameOf(c, services), "operator")
      const found = await runner.settle(c, medialive.channel(id))
      if (found._tag === "Left") return problemResponse(found.left, c.req.path)
      const view = Effect.map(medialive.channel(id), (channel) => channelRegions({ channel, mayAct }))
      return live.stream(c, `medialive ${id} ${mayAct ? "acting" : "looking"}`, view)
    },
  })
}
