/** What the form of an output means, as far as it is typed. */
import { Effect, Either } from "effect"
import type { Context } from "hono"
import type { Understanding, UnderstoodProps } from "../../../../views/forms/Understood.tsx"
import { protocolOfUrl } from "../../../core/output/output-url.ts"
import { presetOf } from "../../../core/output/presets.ts"
import { OutputUpdate } from "../../../effects/config/request-bodies.ts"
import { NotFound } from "../../../effects/model/Errors.ts"
import type { OutputPreview } from "../../../effects/show/views-of.ts"
import { OutputRequest, type TemplateView } from "../../../effects/templates/template-model.ts"
import { decode } from "../../request/body.ts"
import type { ApiError, Problem } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, field } from "./form-fields.ts"
import {
  changedOutputBody,
  chosenProtocol,
  isPreset,
  LABELS,
  newOutputBody,
  presetNotes,
  URL_FORMS,
} from "./output-fields.ts"
import { wrongOutputSecrets } from "./secret-fields.ts"

/** The protocol that the URL names, else the preset, else the template; "" when it cannot be told yet. */
export const protocolOf = (fields: Fields, templates: ReadonlyArray<TemplateView> = []): string => {
  const preset = field(fields, "preset")
  const url = field(fields, "url")
  if (url !== "") return protocolOfUrl(url) ?? ""
  if (isPreset(preset)) return presetOf(preset).protocol
  const chosen = chosenProtocol(fields)
  if (chosen !== null) return chosen
  return templates.find(({ name }) => name === field(fields, "template"))?.protocol ?? ""
}

/** A warning for the outputs that send to the same place already; three are named at most. */
export const twinWarnings = (twins: OutputPreview["twins"]): ReadonlyArray<string> => {
  if (twins.length === 0) return []
  const named = twins.slice(0, 3).map(({ channel, output }) => `"${output}" of channel "${channel}"`)
  const others = twins.length > 3 ? ` and ${twins.length - 3} more` : ""
  const verb = twins.length === 1 ? "sends" : "send"
  return [`${named.join(", ")}${others} ${verb} to this destination already: one of them may put the other off the air`]
}

const understandingOf = (fields: Fields, preview: Either.Either<OutputPreview, Problem>): Understanding => {
  const chosen = chosenProtocol(fields)
  const isWellKnown = chosen === null && field(fields, "preset") !== ""
  if (!isWellKnown && ["url", "template"].every((name) => field(fields, name) === ""))
    return { kind: "nothing", hint: chosen === null ? null : URL_FORMS[chosen] }
  if (Either.isRight(preview)) {
    const { output, twins, understood } = preview.right
    const warnings = [...output.warnings, ...twinWarnings(twins)]
    return { kind: "understood", sentence: understood, url: output.url, warnings }
  }
  const { detail, errors } = preview.left
  if (errors.length === 0) return { kind: "wrong", errors: [{ field: "Problem", message: detail }] }
  return { kind: "wrong", errors: errors.map(({ message, path }) => ({ field: LABELS[path] ?? path, message })) }
}

/** Finds a channel as the control plane does, and its output by id or slug; fails with `NotFound`. */
export const findOutput = (channels: Pick<AppServices["channels"], "get">, ref: string, outputRef: string) =>
  Effect.gen(function* () {
    const channel = yield* channels.get(ref)
    const output = channel.outputs.find(({ id, slug }) => id === outputRef || slug === outputRef)
    return output === undefined ? yield* new NotFound({ kind: "output", ref: outputRef }) : { channel, output }
  })

/** What the form of an output that is there says, as the verbs of the control plane take it. */
export const changedOutput = (
  { channels }: Pick<AppServices, "channels">,
  fields: Fields,
  ref: string,
  output: string,
) =>
  Effect.flatMap(
    findOutput(channels, ref, output),
    (found) =>
      wrongOutputSecrets(fields, found.output) ?? decode(OutputUpdate, changedOutputBody(fields, found.output)),
  )

const preview = (
  { channels, outputs }: Pick<AppServices, "channels" | "outputs">,
  fields: Fields,
): Effect.Effect<OutputPreview, ApiError> => {
  const ref = field(fields, "channel")
  const output = field(fields, "output")
  return output === ""
    ? Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) => outputs.preview(ref, input))
    : Effect.flatMap(changedOutput({ channels }, fields, ref, output), ({ id: _, ...input }) =>
        outputs.preview(ref, input, output),
      )
}

/** What the fragment below the URL shows for these fields. */
export const interpret = async (
  { channels, outputs, runner }: Pick<AppServices, "channels" | "outputs" | "runner">,
  c: Context,
  fields: Fields,
): Promise<UnderstoodProps> => ({
  understanding: understandingOf(
    fields,
    await runner.settle(
      c,
      Effect.suspend(() => preview({ channels, outputs }, fields)),
    ),
  ),
  preset: presetNotes(field(fields, "preset")),
})

/** The templates to begin from; none where the store does not answer: the form works without. */
export const templatesFor = async (
  { runner, templates }: Pick<AppServices, "runner" | "templates">,
  c: Context,
): Promise<ReadonlyArray<TemplateView>> => Either.getOrElse(await runner.settle(c, templates.list), () => [])
