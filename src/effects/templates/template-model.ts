/** Output templates: an output with placeholders for what differs between channels. Pure. */
import { Schema } from "effect"
import { URL_SETTINGS } from "../../core/output/output-settings.ts"
import { maskSecrets, protocolOfUrl } from "../../core/output/output-url.ts"
import { maskedSettings } from "../../core/output/shown-settings.ts"
import { changedPlace, keptKey, twoKeys } from "../config/changed-place.ts"
import { type Checked, done, failed } from "../config/checked.ts"
import { MASK, outputSettingsOf } from "../config/output-input.ts"
import { matches } from "../config/pattern.ts"
import { ChannelInput, OutputInput, OutputUpdate } from "../config/request-bodies.ts"
import { newOutput } from "../config/validate.ts"
import type { OutputConfig, Protocol } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"

const NAME_MAX = 64
export const TemplateName = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(NAME_MAX),
  matches(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower case letters, digits and single dashes, as in cdn-main"),
)

const { id: _, name: __, ...updateFields } = OutputUpdate.fields
const { name, ...inputFields } = OutputInput.fields
/** Body of `POST /api/templates`. `output_name`, `url` and `stream_key` may hold placeholders. */
export const TemplateInput = Schema.Struct({ name: TemplateName, output_name: name, ...inputFields })
export type TemplateInput = typeof TemplateInput.Type
/** Body of `PUT /api/templates/{name}`; fields left out stay as they are. */
export const TemplateUpdate = Schema.Struct({ output_name: name, ...updateFields })
export type TemplateUpdate = typeof TemplateUpdate.Type

const MAX_TEMPLATES = 50
/** Body of `POST /api/channels`. */
export const ChannelRequest = Schema.Struct({
  ...ChannelInput.fields,
  templates: Schema.optional(Schema.Array(TemplateName).pipe(Schema.maxItems(MAX_TEMPLATES))),
})
export type ChannelRequest = typeof ChannelRequest.Type
/** Body of `POST /api/channels/{id}/outputs`; fields given beside `template` override the template's. */
export const OutputRequest = Schema.Struct({ ...OutputInput.fields, template: Schema.optional(TemplateName) })
export type OutputRequest = typeof OutputRequest.Type

/** A template as stored, with its secrets and placeholders. */
export interface Template
  extends Pick<OutputConfig, "url" | "stream_key" | "settings" | "preset" | "enabled" | "created_at"> {
  readonly name: string
  /** Name for outputs; null names them after the template. */
  readonly output_name: string | null
}

/** A template as the API shows it, with secrets masked. */
export interface TemplateView extends Template {
  readonly protocol: Protocol
}

export const templateView = (template: Template): TemplateView => ({
  ...template,
  protocol: protocolOfUrl(template.url) ?? "srt",
  url: maskSecrets(template.url),
  stream_key: template.stream_key === null ? null : MASK,
  settings: maskedSettings(template.settings),
})

/** Values for the placeholders `{channel}`, `{number}` and `{name}`. */
export interface TemplateChannel {
  readonly slug: string
  readonly number: number
  readonly name: string
}

const SAMPLE: TemplateChannel = { slug: "channel", number: 1, name: "Channel" }
const STAMP = { id: () => "", createdAt: "" }
const PLACE = /\{([A-Za-z_]\w*)\}/g

const fill = (text: string, channel: TemplateChannel, encode: (value: string) => string): string => {
  const values: Readonly<Record<string, string>> = {
    channel: channel.slug,
    number: String(channel.number),
    name: channel.name,
  }
  return text.replace(PLACE, (place, key: string) => (Object.hasOwn(values, key) ? encode(values[key] ?? "") : place))
}
const asIs = (text: string) => text

const unknownPlaces = (path: string, text: string | null, known: ReadonlyArray<string>): ReadonlyArray<FieldError> =>
  [...(text ?? "").matchAll(PLACE)]
    .filter(([, key = ""]) => !known.includes(key))
    .map(([place]) => ({
      path,
      message: `${place} is no placeholder: write ${known.map((key) => `{${key}}`).join(", ")}`,
    }))

const filledSettings = (settings: Template["settings"], channel: TemplateChannel): Template["settings"] => ({
  ...settings,
  ...Object.fromEntries(
    URL_SETTINGS.flatMap((name) => {
      const url = settings[name]
      return typeof url === "string" ? [[name, fill(url, channel, encodeURIComponent)]] : []
    }),
  ),
})

/** URL and key of a template for an output: a key of the output's own takes the place of the template's. */
const placeFor = (template: Template, { stream_key, url }: OutputInput): Pick<Template, "url" | "stream_key"> => {
  if (url !== undefined) return { url: template.url, stream_key: keptKey(template, url) }
  return typeof stream_key === "string" && stream_key !== MASK ? changedPlace(template, { stream_key }) : template
}

/**
 * The output that a template describes for a channel. Values in a URL are percent-encoded; `over` is used unchanged.
 */
export const fromTemplate = (template: Template, channel: TemplateChannel, over: OutputInput = {}): OutputInput => {
  const { enabled, name, output_name, preset, settings } = template
  const { stream_key, url } = placeFor(template, over)
  const isOther = over.url !== undefined && protocolOfUrl(over.url) !== protocolOfUrl(url)
  const filledName = fill(output_name ?? name, channel, asIs).slice(0, 128)
  const kept = isOther
    ? {}
    : { stream_key: stream_key === null ? null : fill(stream_key, channel, asIs), settings, preset }
  const given = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined))
  return {
    name: filledName,
    url: fill(url, channel, encodeURIComponent),
    enabled,
    ...kept,
    ...given,
    settings: outputSettingsOf(over.settings, isOther ? undefined : filledSettings(settings, channel)),
  }
}

/** Checks a template by checking the output that it describes for some channel. */
const checked = (template: Template, asked: Protocol | undefined): Checked<Template> => {
  const places = ["channel", "number", "name"]
  const errors = [
    ...unknownPlaces("url", template.url, [...places, "stream_key"]),
    ...unknownPlaces("stream_key", template.stream_key, places),
    ...unknownPlaces("output_name", template.output_name, places),
    ...URL_SETTINGS.flatMap((name) => unknownPlaces(`settings.${name}`, String(template.settings[name] ?? ""), places)),
  ]
  if (errors.length > 0) return failed(errors)
  const output = newOutput(
    { ...fromTemplate(template, SAMPLE), ...(asked === undefined ? {} : { protocol: asked }) },
    [],
    STAMP,
    "",
  )
  return output.ok ? done(template) : failed(output.errors)
}

/** Builds a new template. A preset's URL and settings become the template's own. */
export const newTemplate = (input: TemplateInput, createdAt: string): Checked<Template> => {
  const { enabled = true, name, output_name, preset = null, protocol, settings, stream_key = null, url } = input
  // Without a URL the preset's is used; without either, an error says so.
  const whole =
    url === undefined ? newOutput({ preset, stream_key, ...(settings ? { settings } : {}) }, [], STAMP, "") : null
  if (whole !== null && !whole.ok) return whole
  const template: Template = {
    name,
    output_name: output_name || null,
    url: url ?? whole?.value.url ?? "",
    stream_key,
    preset,
    enabled,
    created_at: createdAt,
    settings: whole?.value.settings ?? outputSettingsOf(settings),
  }
  return checked(template, protocol)
}

/**
 * Applies an update. Fields left out and secrets sent back masked stay; key, settings and preset go when the protocol
 * changes.
 */
export const changedTemplate = (old: Template, input: TemplateUpdate): Checked<Template> => {
  const both = twoKeys(old, input)
  if (both.length > 0) return failed(both)
  const { stream_key, url } = changedPlace(old, input)
  const kept = protocolOfUrl(url) === protocolOfUrl(old.url) ? old : { settings: {}, preset: null }
  const template: Template = {
    ...old,
    url,
    enabled: input.enabled ?? old.enabled,
    preset: input.preset === undefined ? kept.preset : input.preset,
    output_name: input.output_name === undefined ? old.output_name : input.output_name || null,
    stream_key,
    settings: outputSettingsOf(input.settings, kept.settings),
  }
  return checked(template, input.protocol)
}
