/** @jsxImportSource hono/jsx */
/** Pages that add, change, test and copy outputs. They work without JavaScript. */
import { Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { isLive } from "../../../../views/channel/OutputRows.tsx"
import type { Choice } from "../../../../views/forms/form-state.ts"
import { OutputSettings } from "../../../../views/forms/OutputForm.tsx"
import { AddOutputPage, EditOutputPage, TestPage } from "../../../../views/forms/OutputPages.tsx"
import { TestOutcome } from "../../../../views/forms/TestOutcome.tsx"
import { type Understanding, Understood } from "../../../../views/forms/Understood.tsx"
import { protocolOfUrl } from "../../../core/output-url.ts"
import { presetOf } from "../../../core/presets.ts"
import { OutputUpdate } from "../../../effects/config/request-bodies.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import { NotFound } from "../../../effects/model/Errors.ts"
import type { OutputPreview } from "../../../effects/show/views-of.ts"
import type { DryRunsService } from "../../../effects/supervisor/DryRuns.ts"
import { OutputRequest, type TemplateView } from "../../../effects/templates/template-model.ts"
import { decode, readForm } from "../../body.ts"
import { methods } from "../../methods.ts"
import { type ApiError, type Problem, problemResponse } from "../../problem.ts"
import type { AppServices } from "../../services.ts"
import { frameOf } from "../frame.ts"
import { backOf, type Fields, field, goTo, pageAnswer, shownAgain, stateOf, withPlace } from "./form-fields.ts"
import {
  changedOutputBody,
  isPreset,
  LABELS,
  newOutputBody,
  OUTPUT_FIELDS,
  outputValues,
  PRESET_CHOICES,
  presetNotes,
  SECRET_FIELDS,
  settingGroups,
} from "./output-fields.ts"

/** Longer than the engine takes for a test at most. */
const TESTED_WITHIN = Duration.seconds(28)

export const channelChoices = (channels: ReadonlyArray<ChannelView>): ReadonlyArray<Choice> =>
  channels.map(({ name, number, slug }) => ({ value: slug, text: `${number} ${name}` }))

/** The protocol as far as it can be told: by the URL, else by the preset, else by the template; "" when it cannot. */
const protocolOf = (fields: Fields, templates: ReadonlyArray<TemplateView> = []): string => {
  const preset = field(fields, "preset")
  const url = field(fields, "url")
  if (url !== "") return protocolOfUrl(url) ?? ""
  if (isPreset(preset)) return presetOf(preset).protocol
  return templates.find(({ name }) => name === field(fields, "template"))?.protocol ?? ""
}

const understandingOf = (fields: Fields, preview: Either.Either<OutputPreview, Problem>): Understanding => {
  if (["url", "preset", "template"].every((name) => field(fields, name) === "")) return { kind: "nothing" }
  if (Either.isRight(preview)) {
    const { output, understood } = preview.right
    return { kind: "understood", sentence: understood, url: output.url, warnings: output.warnings }
  }
  const { detail, errors } = preview.left
  if (errors.length === 0) return { kind: "wrong", errors: [{ field: "Problem", message: detail }] }
  return { kind: "wrong", errors: errors.map(({ message, path }) => ({ field: LABELS[path] ?? path, message })) }
}

const KEEP_TYPING = "Secrets are not sent back: type those that are missing or shown as *** again."

export const outputPageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "dryRuns" | "outputs" | "runner" | "templates">,
): void => {
  const { channels, dryRuns, outputs, runner, templates } = services
  const outputOf = (channel: ChannelView, ref: string) => {
    const output = channel.outputs.find((o) => o.id === ref || o.slug === ref)
    return output === undefined ? Effect.fail(new NotFound({ kind: "output", ref })) : Effect.succeed(output)
  }
  const place = (ref: string, output: string) =>
    Effect.flatMap(channels.get(ref), (channel) => Effect.map(outputOf(channel, output), (found) => ({ channel, output: found })))

  /** What the form says, as the verbs of the control plane take it. */
  const change = (fields: Fields, ref: string, output: string) =>
    Effect.flatMap(place(ref, output), (found) => decode(OutputUpdate, changedOutputBody(fields, found.output)))
  const preview = (fields: Fields): Effect.Effect<OutputPreview, ApiError> => {
    const ref = field(fields, "channel")
    const output = field(fields, "output")
    return output === ""
      ? Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) => outputs.preview(ref, input))
      : Effect.flatMap(change(fields, ref, output), ({ id: _, ...input }) => outputs.preview(ref, input, output))
  }
  const understood = async (c: Context, fields: Fields) => ({
    understanding: understandingOf(
      fields,
      await runner.settle(
        c,
        Effect.suspend(() => preview(fields)),
      ),
    ),
    preset: presetNotes(field(fields, "preset")),
  })

  type Test = Effect.Effect.Success<ReturnType<DryRunsService["ofNew"]>>
  interface More {
    readonly problem?: Problem | undefined
    readonly outcome?: Test | undefined
  }
  const stateFor = (fields: Fields, { problem, outcome }: More, focus: string) => {
    const shown = shownAgain(fields, SECRET_FIELDS, ["url"])
    const state = stateOf(shown, problem, OUTPUT_FIELDS, focus)
    const isMissing = SECRET_FIELDS.some((name) => field(fields, name) !== "") || (shown["url"] ?? "") !== (fields["url"] ?? "")
    return isMissing && (problem !== undefined || outcome !== undefined) ? { ...state, alerts: [...state.alerts, KEEP_TYPING] } : state
  }

  /** None where the store does not answer: the form works without. */
  const templatesFor = async (c: Context): Promise<ReadonlyArray<TemplateView>> =>
    Either.getOrElse(await runner.settle(c, templates.list), () => [])

  const addPage = async (c: Context, fields: Fields, more: More = {}): Promise<Response> => {
    const listed = await runner.settle(c, channels.list)
    if (Either.isLeft(listed)) return problemResponse(listed.left, c.req.path)
    const wanted = field(fields, "channel")
    const known = listed.right.find(({ id, number, slug }) => [id, slug, String(number)].includes(wanted))
    const values = { ...fields, channel: known?.slug ?? wanted }
    const state = stateFor(values, more, "url")
    const templates = await templatesFor(c)
    const protocol = protocolOf(fields, templates)
    const html = (
      <AddOutputPage
        frame={frameOf(c, services)}
        action="/outputs"
        test="/outputs/test"
        state={state}
        channels={channelChoices(listed.right)}
        templates={templates.map(({ name }) => ({ value: name, text: name }))}
        presets={PRESET_CHOICES}
        settings={{ protocol, groups: settingGroups(protocol), state }}
        understood={await understood(c, values)}
        outcome={more.outcome}
        back={backOf(c, fields)}
      />
    )
    return pageAnswer(html, more.problem)
  }

  const editPage = async (c: Context, ref: string, outputRef: string, typed?: Fields, more: More = {}): Promise<Response> => {
    const found = await runner.settle(c, place(ref, outputRef))
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const { channel, output } = found.right
    const values = { ...(typed ?? outputValues(output)), channel: channel.slug, output: output.id }
    const state = stateFor(values, more, "url")
    const protocol = protocolOf(values)
    const path = `/channels/${channel.slug}/outputs/${output.slug}`
    const html = (
      <EditOutputPage
        frame={frameOf(c, services)}
        channel={channel.name}
        name={output.name}
        path={path}
        live={isLive(output, channel)}
        action={`${path}/edit`}
        test={`${path}/test`}
        state={state}
        channels={[]}
        editing={{ channel: channel.slug, output: output.id, hasKey: output.stream_key !== null }}
        presets={PRESET_CHOICES}
        settings={{ protocol, groups: settingGroups(protocol), state }}
        understood={await understood(c, typed === undefined ? { ...values, settings_of: protocol } : values)}
        outcome={more.outcome}
        back={backOf(c, typed)}
      />
    )
    return pageAnswer(html, more.problem)
  }

  /** Runs `use` with the fields of the form; a body that is none is refused as everywhere. */
  const withForm = async (c: Context, use: (fields: Fields) => Promise<Response>): Promise<Response> => {
    const form = await runner.settle(c, readForm(c))
    return Either.isLeft(form) ? problemResponse(form.left, c.req.path) : use(form.right)
  }
  const isInPlace = (c: Context) => c.req.header("hx-request") === "true"
  /** A test for htmx is a part of the page, a failure of it as well. */
  const testInPlace = (c: Context, test: Either.Either<Test, Problem>) => {
    if (Either.isRight(test)) return c.html(<TestOutcome test={test.right} />)
    const { detail, errors } = test.left
    const sentences = errors.length === 0 ? [detail] : errors.map(({ message, path }) => `${LABELS[path] ?? path}: ${message}`)
    return pageAnswer(
      <div class="banner error">
        {sentences.map((sentence) => (
          <p>{sentence}</p>
        ))}
      </div>,
      test.left,
    )
  }

  methods(app, "/add/output", { GET: (c) => addPage(c, c.req.query()) })
  methods(app, "/fragments/interpret", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const meaning = await understood(c, fields)
        const protocol = protocolOf(fields, field(fields, "template") === "" ? [] : await templatesFor(c))
        const isOther = protocol !== "" && protocol !== fields["settings_of"]
        const state = stateOf(shownAgain(fields, SECRET_FIELDS, ["url"]), undefined, [], "")
        return c.html(
          <>
            <Understood {...meaning} />
            {isOther ? (
              <hx-partial hx-target="#settings" hx-swap="innerHTML">
                <OutputSettings protocol={protocol} groups={settingGroups(protocol)} state={state} />
              </hx-partial>
            ) : null}
          </>,
        )
      }),
  })

  methods(app, "/outputs", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const add = Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) => outputs.add(field(fields, "channel"), input))
        const added = await runner.settle(c, add)
        if (Either.isLeft(added)) return addPage(c, fields, { problem: added.left })
        return goTo(c, withPlace(backOf(c, fields), { hash: `output-${added.right.id}` }))
      }),
  })
  methods(app, "/outputs/test", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const test = await runner.settle(
          c,
          Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) => dryRuns.ofNew(input, field(fields, "channel"))),
          TESTED_WITHIN,
        )
        if (isInPlace(c)) return testInPlace(c, test)
        return Either.isLeft(test) ? addPage(c, fields, { problem: test.left }) : addPage(c, fields, { outcome: test.right })
      }),
  })

  const path = "/channels/:id/outputs/:output"
  methods(app, `${path}/edit`, {
    GET: (c) => editPage(c, c.req.param("id"), c.req.param("output")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const [ref, output] = [c.req.param("id"), c.req.param("output")]
        const update = Effect.flatMap(change(fields, ref, output), (input) => outputs.update(ref, output, input))
        const updated = await runner.settle(c, update)
        if (Either.isRight(updated)) return goTo(c, withPlace(backOf(c, fields), { hash: `output-${updated.right.id}` }))
        return updated.left.kind === "not-found"
          ? problemResponse(updated.left, c.req.path)
          : editPage(c, ref, output, fields, { problem: updated.left })
      }),
  })
  methods(app, `${path}/test`, {
    POST: async (c) => {
      const [ref, output] = [c.req.param("id"), c.req.param("output")]
      // A button on another page sends nothing along.
      const form = c.req.header("content-type") === undefined ? Either.right({} as Fields) : await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const fields: Fields = form.right
      const isTyped = fields["url"] !== undefined
      const tested = isTyped
        ? Effect.flatMap(change(fields, ref, output), (input) => dryRuns.ofExisting(ref, output, input))
        : dryRuns.ofExisting(ref, output)
      const test = await runner.settle(c, tested, TESTED_WITHIN)
      if (isInPlace(c)) return testInPlace(c, test)
      if (Either.isLeft(test)) {
        return isTyped && test.left.kind !== "not-found"
          ? editPage(c, ref, output, fields, { problem: test.left })
          : problemResponse(test.left, c.req.path)
      }
      if (isTyped) return editPage(c, ref, output, fields, { outcome: test.right })
      return runner.run(c, place(ref, output), (found) =>
        c.html(
          <TestPage
            frame={frameOf(c, services)}
            channel={found.channel.name}
            name={found.output.name}
            back={backOf(c, fields)}
            test={test.right}
          />,
        ),
      )
    },
  })
  methods(app, `${path}/duplicate`, {
    POST: async (c) => {
      const [ref, output] = [c.req.param("id"), c.req.param("output")]
      const copied = await runner.settle(c, outputs.duplicate(ref, output))
      const found = await runner.settle(c, place(ref, output))
      if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
      const { channel, output: source } = found.right
      if (Either.isRight(copied)) return goTo(c, `/channels/${channel.slug}/outputs/${copied.right.slug}/edit`)
      // What cannot be there twice, a port for one, is the beginning of another output.
      const values = { ...outputValues(source), channel: channel.slug, name: "" }
      return addPage(c, values, { problem: copied.left })
    },
  })
}
