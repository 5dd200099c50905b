/** @jsxImportSource hono/jsx */
/**
 * Removes an output: at once where nobody can be watching it, after a question where somebody may. Works
 * without JavaScript.
 */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { isLive } from "../../../../views/channel/OutputRows.tsx"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import type { ChannelView, OutputView } from "../../../effects/model/channel.ts"
import { NotFound } from "../../../effects/model/Errors.ts"
import { readForm } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { backOf, type Fields, goTo, withPlace } from "./form-fields.ts"

interface Place {
  readonly channel: ChannelView
  readonly output: OutputView
}

/** What its end means to those who receive it. */
const stakes = ({ receivers, status }: OutputView): string => {
  if (status !== "connected") return `It is switched on, and ${status} now.`
  return `It is connected now: ${receivers.length > 1 ? `its ${receivers.length} receivers lose` : "its receiver loses"} the stream.`
}

export const removeOutputRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "outputs" | "runner">,
): void => {
  const { channels, outputs, runner } = services
  const place = (c: Context) =>
    Effect.gen(function* () {
      const channel = yield* channels.get(c.req.param("id") ?? "")
      const ref = c.req.param("output") ?? ""
      const output = channel.outputs.find(({ id, slug }) => id === ref || slug === ref)
      return output === undefined ? yield* new NotFound({ kind: "output", ref }) : { channel, output }
    })
  const question = (c: Context, { channel, output }: Place, back: string) => (
    <ConfirmPage
      frame={frameOf(c, services)}
      question={`Remove output ${output.name} of ${channel.name}?`}
      items={[`${output.protocol} ${output.url}`, stakes(output), "The removal can be undone for 10 minutes."]}
      to={`/channels/${channel.slug}/outputs/${encodeURIComponent(output.slug)}/remove`}
      fields={[
        ["back", back],
        ["confirmed", "yes"],
      ]}
      yes={`Remove ${output.name}`}
      back={back}
    />
  )

  methods(app, "/channels/:id/outputs/:output/remove", {
    GET: (c) => runner.run(c, place(c), (found) => c.html(question(c, found, backOf(c, c.req.query())))),
    POST: async (c) => {
      const form =
        c.req.header("content-type") === undefined ? Either.right({} as Fields) : await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const found = await runner.settle(c, place(c))
      if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
      const { channel, output } = found.right
      const back = backOf(c, form.right)
      // It may have been started since the page with the button was shown. 409: nothing was done.
      if (form.right["confirmed"] !== "yes" && isLive(output, channel))
        return c.html(question(c, found.right, back), 409)
      const removed = await runner.settle(c, outputs.remove(channel.id, output.id))
      if (Either.isLeft(removed)) return problemResponse(removed.left, c.req.path)
      return goTo(c, withPlace(back, { undo: removed.right }))
    },
  })
}
