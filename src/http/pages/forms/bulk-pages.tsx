/** @jsxImportSource hono/jsx */
/** The page that adds many outputs at once, all of them or none. */
import { Effect, Either, Schema } from "effect"
import type { Context, Hono } from "hono"
import { BulkLines, BulkPage } from "../../../../views/forms/BulkPage.tsx"
import { OutputInput } from "../../../effects/config/request-bodies.ts"
import { type FieldError, InvalidInput } from "../../../effects/model/Errors.ts"
import { decode, readForm } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type ApiError, type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { bulkLines, MAX_LINES, type PastedLine, pastedLines } from "./bulk-lines.ts"
import { channelChoices } from "./channel-choices.ts"
import { backOf, type Fields, field, goTo, pageAnswer, shownAgain, stateOf, withPlace } from "./form-fields.ts"

const Many = Schema.Struct({ outputs: Schema.Array(OutputInput) })

const wrong = (message: string) => new InvalidInput({ errors: [{ path: "urls", message }] })

const bodyOf = (lines: ReadonlyArray<PastedLine>, fields: Fields): Effect.Effect<typeof Many.Type, InvalidInput> => {
  if (lines.length === 0) return wrong("hold no URL: paste one a line")
  if (lines.length > MAX_LINES) return wrong(`are ${lines.length}, and at most ${MAX_LINES} are added at a time`)
  const enabled = fields["save"] !== "disabled"
  return decode(Many, { outputs: lines.map(({ name, url }) => ({ ...(name === "" ? {} : { name }), url, enabled })) })
}

const isOfLine = ({ path }: FieldError) => path.startsWith("outputs[")

export const bulkPageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "outputs" | "runner">,
): void => {
  const { channels, outputs, runner } = services
  const add = (fields: Fields, lines: ReadonlyArray<PastedLine>): Effect.Effect<unknown, ApiError> =>
    Effect.flatMap(bodyOf(lines, fields), (body) => outputs.addMany(field(fields, "channel"), body.outputs))

  const page = async (c: Context, fields: Fields, problem?: Problem): Promise<Response> => {
    const listed = await runner.settle(c, channels.list)
    if (Either.isLeft(listed)) return problemResponse(listed.left, c.req.path)
    const errors = problem?.errors ?? []
    const lines = bulkLines(pastedLines(fields["urls"] ?? "").slice(0, MAX_LINES), errors)
    // The errors of a line stand beside it; the field says that there are some.
    const isWrong = lines.some((line) => line.errors.length > 0) && errors.some(isOfLine)
    const summary = { path: "urls", message: "Some lines are wrong, as told below: nothing was added" }
    const told =
      problem === undefined
        ? undefined
        : { ...problem, errors: [...errors.filter((e) => !isOfLine(e)), ...(isWrong ? [summary] : [])] }
    const shown = shownAgain(fields, [], ["urls"])
    const state = stateOf(shown, told, ["channel", "urls"], "urls")
    const isMasked = problem !== undefined && shown["urls"] !== fields["urls"]
    const alerts = isMasked
      ? [...state.alerts, "Secrets are not sent back: type those shown as *** again."]
      : state.alerts
    const html = (
      <BulkPage
        frame={frameOf(c, services)}
        state={{ ...state, alerts }}
        channels={channelChoices(listed.right)}
        lines={lines}
        back={backOf(c, fields)}
      />
    )
    return pageAnswer(html, problem)
  }

  methods(app, "/add/outputs", { GET: (c) => page(c, c.req.query()) })
  methods(app, "/fragments/interpret-many", {
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const lines = pastedLines(form.right["urls"] ?? "").slice(0, MAX_LINES)
      const checked = await runner.settle(c, bodyOf(lines, form.right))
      const errors = Either.isLeft(checked) ? checked.left.errors : []
      return c.html(<BulkLines lines={bulkLines(lines, errors)} />)
    },
  })
  methods(app, "/outputs/many", {
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const fields = form.right
      const added = await runner.settle(c, add(fields, pastedLines(fields["urls"] ?? "")))
      if (Either.isLeft(added)) return page(c, fields, added.left)
      return goTo(c, withPlace(backOf(c, fields), { hash: `channel-${field(fields, "channel")}` }))
    },
  })
}
