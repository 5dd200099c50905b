/**
 * From a document to the channels as they would be stored: each found again by its slug, masked secrets put back, every
 * field checked as the other requests check it. Pure; errors carry the document's paths and repeat no secret.
 */
import { protocolOfUrl } from "../../core/output/output-url.ts"
import { givenSetting } from "../../core/output/shown-settings.ts"
import { changedPlace, twoKeys } from "../config/changed-place.ts"
import { type Checked, done, failed } from "../config/checked.ts"
import { demandedBy } from "../config/on-demand.ts"
import { MASK } from "../config/output-input.ts"
import { hasEnabled, newChannel, newOutput, type Stamp } from "../config/validate.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { Sliced } from "../model/slices.ts"
import type { ChannelDocument, ConfigDocument, OutputDocument } from "./document.ts"

/** A channel that is to be; the store gives new ones their number. */
export type WantedChannel = Omit<ChannelConfig, "number">

/** `old` or the secret as it was sent: what was masked by us is as it is. */
const unmaskedSettings = (
  wanted: OutputDocument["settings"],
  old: OutputConfig | undefined,
): OutputDocument["settings"] => {
  if (wanted === undefined || old === undefined) return wanted
  const stored: Readonly<Record<string, unknown>> = old.settings
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [name, givenSetting(name, value, stored[name])]),
  )
}

/** URL and key as they were sent, or the stored ones where they come back masked. */
const unmaskedPlace = ({ stream_key = null, url }: OutputDocument, old: OutputConfig | undefined) =>
  old !== undefined && url !== undefined && (url.includes(MASK) || stream_key === MASK)
    ? changedPlace(old, { url, stream_key })
    : { url, stream_key: stream_key === MASK && url === undefined ? (old?.stream_key ?? MASK) : stream_key }

const unmasked = (wanted: OutputDocument, old: OutputConfig | undefined): Checked<OutputDocument> => {
  if (old === undefined && (wanted.url?.includes(MASK) || wanted.stream_key === MASK)) {
    const path = wanted.stream_key === MASK ? "stream_key" : "url"
    return failed([
      {
        path,
        message: "is masked (***), and there is no such output yet whose secret it could be: give the secret itself",
      },
    ])
  }
  const both = old === undefined ? [] : twoKeys(old, wanted)
  if (both.length > 0) return failed(both)
  const { stream_key, url } = unmaskedPlace(wanted, old)
  if (url?.includes(MASK) === true && url !== old?.url)
    return failed([
      { path: "url", message: "is masked (***) where nothing of the stored URL belongs: give its secrets too" },
    ])
  const same = old !== undefined && (url === undefined || protocolOfUrl(url) === old.protocol)
  const settings = unmaskedSettings(wanted.settings, same ? old : undefined)
  return done({ ...wanted, settings, stream_key, ...(url === undefined ? {} : { url }) })
}

const below = (at: string, errors: ReadonlyArray<FieldError>): ReadonlyArray<FieldError> =>
  errors.map(({ message, path }) => ({ path: `${at}${path}`, message }))

/** One error for each slug that stands before in the list. */
const repeated = (items: ReadonlyArray<{ readonly slug: string }>, at: string): ReadonlyArray<FieldError> => {
  const first = new Map<string, number>()
  return items.flatMap(({ slug }, index) => {
    const before = first.get(slug)
    if (before === undefined) {
      first.set(slug, index)
      return []
    }
    return [{ path: `${at}[${index}].slug`, message: `"${slug}" is already the slug of ${at}[${before}]` }]
  })
}

function* outputsOf(
  wanted: ChannelDocument,
  old: ChannelConfig | undefined,
  stamp: Stamp,
  at: string,
): Sliced<Checked<ReadonlyArray<OutputConfig>>> {
  const errors: FieldError[] = [...repeated(wanted.outputs ?? [], `${at}outputs`)]
  const outputs: OutputConfig[] = []
  const known = new Map(old?.outputs.map((output) => [output.slug, output]))
  let last = old?.last_output_number ?? 0
  for (const [index, document] of (wanted.outputs ?? []).entries()) {
    yield
    const path = `${at}outputs[${index}].`
    const before = known.get(document.slug)
    const input = unmasked(document, before)
    if (!input.ok) {
      errors.push(...below(path, input.errors))
      continue
    }
    const { slug, ...rest } = input.value
    const output = newOutput({ ...rest, name: rest.name || slug }, [], stamp, path, last)
    if (!output.ok) {
      errors.push(...output.errors)
      continue
    }
    const { created_at, id, number } = before ?? output.value
    outputs.push({ ...output.value, slug, created_at, id, number })
    last = Math.max(last, number)
  }
  return errors.length > 0 ? failed(errors) : done(outputs)
}

/** Outputs as the store will read them back: those there are in their order, then the new ones. */
const inStoredOrder = (
  outputs: ReadonlyArray<OutputConfig>,
  old: ChannelConfig | undefined,
): ReadonlyArray<OutputConfig> => {
  const place = new Map(old?.outputs.map(({ id }, index) => [id, index]))
  const rank = ({ id }: OutputConfig) => place.get(id) ?? place.size
  return [...outputs].sort((a, b) => rank(a) - rank(b))
}

function* channelOf(
  wanted: ChannelDocument,
  old: ChannelConfig | undefined,
  stamp: Stamp,
  at: string,
): Sliced<Checked<WantedChannel>> {
  const { outputs: _, slug, ...own } = wanted
  const outputs = yield* outputsOf(wanted, old, stamp, at)
  const channel = newChannel(own, new Set(), stamp, old ?? null)
  if (!channel.ok || !outputs.ok) {
    return failed([...(channel.ok ? [] : below(at, channel.errors)), ...(outputs.ok ? [] : outputs.errors)])
  }
  const value = outputs.value
  const last_output_number = Math.max(old?.last_output_number ?? 0, ...value.map(({ number }) => number))
  const next = { ...channel.value, slug, outputs: inStoredOrder(value, old), last_output_number }
  if (old === undefined) {
    return done({ ...next, should_run: next.autostart || (next.auto_run === "on_demand" && hasEnabled(value)) })
  }
  const { created_at, id, number } = old
  const should_run = demandedBy(old, { ...next, number }) ?? old.should_run
  return done({ ...next, created_at, id, should_run })
}

/**
 * The channels in the document's order. What it leaves out has its default; ids, numbers and times of those there
 * are stay.
 */
export function* resolveDocument(
  document: ConfigDocument,
  current: ReadonlyArray<ChannelConfig>,
  stamp: Stamp,
): Sliced<Checked<ReadonlyArray<WantedChannel>>> {
  const errors: FieldError[] = [...repeated(document.channels, "channels")]
  const channels: WantedChannel[] = []
  const known = new Map(current.map((channel) => [channel.slug, channel]))
  for (const [index, wanted] of document.channels.entries()) {
    const channel = yield* channelOf(wanted, known.get(wanted.slug), stamp, `channels[${index}].`)
    if (channel.ok) channels.push(channel.value)
    else errors.push(...channel.errors)
  }
  return errors.length > 0 ? failed(errors) : done(channels)
}
