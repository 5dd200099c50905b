/** @jsxImportSource hono/jsx */
/** The forms that add and change an output: as they are first shown, or with what was typed and what became of it. */
import { type Effect, Either } from "effect"
import type { Context } from "hono"
import { isLive } from "../../../../views/channel/OutputRows.tsx"
import { AddOutputPage, EditOutputPage } from "../../../../views/forms/OutputPages.tsx"
import type { OutputView } from "../../../effects/model/channel.ts"
import type { DryRunsService } from "../../../effects/supervisor/DryRuns.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { channelChoices } from "./channel-choices.ts"
import { backOf, type Fields, field, pageAnswer, shownAgain, stateOf } from "./form-fields.ts"
import { findOutput, interpret, protocolOf, templatesFor } from "./interpret-output.ts"
import { OPENED, openedOf, type Shown } from "./meanwhile.ts"
import {
  beginOf,
  DESTINATION_CHOICES,
  OUTPUT_FIELDS,
  outputValues,
  SECRET_FIELDS,
  settingGroups,
  URL_FIELDS,
  withStoredSecrets,
} from "./output-fields.ts"
import { keyPlaceOf, outputSecretFields } from "./secret-fields.ts"

const KEEP_TYPING = "Secrets are not sent back: type those that are missing or shown as *** again."

/** The outcome of a test. */
export type Tested = Effect.Effect.Success<ReturnType<DryRunsService["ofNew"]>>

/** What became of the form when it was sent. */
export interface Sent {
  readonly problem?: Problem | undefined
  readonly outcome?: Tested | undefined
}

const stateFor = (fields: Fields, { problem, outcome }: Sent, focus: string) => {
  const shown = shownAgain(fields, SECRET_FIELDS, URL_FIELDS)
  const state = stateOf(shown, problem, OUTPUT_FIELDS, focus)
  const isMissing =
    SECRET_FIELDS.some((name) => field(fields, name) !== "") ||
    URL_FIELDS.some((name) => (shown[name] ?? "") !== (fields[name] ?? ""))
  return isMissing && (problem !== undefined || outcome !== undefined)
    ? { ...state, alerts: [...state.alerts, KEEP_TYPING] }
    : state
}

/** What the form of an output shows of what is stored. */
export const shownOutput = (
  { secretsTag }: Pick<AppServices["channels"], "secretsTag">,
  output: OutputView,
): Shown => ({ values: outputValues(output), secrets: secretsTag(output.id) })

export interface OutputForms {
  readonly addPage: (c: Context, fields: Fields, sent?: Sent) => Promise<Response>
  /** `typed` is what was sent; without it the form shows the output as it is. */
  readonly editPage: (c: Context, ref: string, outputRef: string, typed?: Fields, sent?: Sent) => Promise<Response>
}

export const makeOutputForms = (services: AppServices): OutputForms => {
  const { channels, runner } = services

  const addPage = async (c: Context, fields: Fields, sent: Sent = {}): Promise<Response> => {
    const listed = await runner.settle(c, channels.list)
    if (Either.isLeft(listed)) return problemResponse(listed.left, c.req.path)
    const wanted = field(fields, "channel")
    const known = listed.right.find(({ id, number, slug }) => [id, slug, String(number)].includes(wanted))
    const values = { ...fields, channel: known?.slug ?? wanted }
    const state = stateFor(values, sent, "url")
    const templates = await templatesFor(services, c)
    const protocol = protocolOf(fields, templates)
    const html = (
      <AddOutputPage
        frame={frameOf(c, services)}
        action="/outputs"
        test="/outputs/test"
        state={state}
        channels={channelChoices(listed.right)}
        templates={templates.map(({ name }) => ({ value: name, text: name }))}
        presets={DESTINATION_CHOICES}
        settings={{ protocol, groups: settingGroups(protocol), state }}
        understood={await interpret(services, c, values)}
        outcome={sent.outcome}
        back={backOf(c, fields)}
      />
    )
    return pageAnswer(html, sent.problem)
  }

  const editPage = async (
    c: Context,
    ref: string,
    outputRef: string,
    typed?: Fields,
    sent: Sent = {},
  ): Promise<Response> => {
    const found = await runner.settle(c, findOutput(channels, ref, outputRef))
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const { channel, output } = found.right
    const values = { ...(typed ?? outputValues(output)), channel: channel.slug, output: output.id }
    const state = stateFor(values, sent, beginOf(output))
    const protocol = protocolOf(values)
    const groups = withStoredSecrets(settingGroups(protocol), output.settings)
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
        editing={{
          channel: channel.slug,
          output: output.id,
          opened: typed?.[OPENED] ?? openedOf(shownOutput(channels, output)),
          key: keyPlaceOf(output),
          urlSecrets: outputSecretFields(output),
        }}
        presets={DESTINATION_CHOICES}
        settings={{ protocol, groups, state }}
        understood={await interpret(services, c, typed === undefined ? { ...values, settings_of: protocol } : values)}
        outcome={sent.outcome}
        back={backOf(c, typed)}
      />
    )
    return pageAnswer(html, sent.problem)
  }

  return { addPage, editPage }
}
