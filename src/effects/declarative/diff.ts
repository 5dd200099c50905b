/**
 * What differs between the configuration that is and the one that is wanted, for people and programs. Pure; shows
 * no secret.
 */
import { maskSecrets } from "../../core/output/output-url.ts"
import { shownSetting } from "../../core/output/shown-settings.ts"
import { storedAddresses } from "../config/leg-address.ts"
import { MASK } from "../config/output-input.ts"
import { type OutputHost, revisionOf } from "../config/output-place.ts"
import type { OutputConfig } from "../model/channel.ts"
import type { Sliced } from "../model/slices.ts"
import { CHANNEL_FIELDS, OUTPUT_FIELDS } from "./document.ts"
import { sorted } from "./export.ts"
import type { WantedChannel } from "./resolve.ts"

export type ChangeAction = "created" | "updated" | "removed"

/** A field before and after; null stands for none or the default. */
export interface FieldChange {
  /** As in `rtp_port` or `settings.cue_points`. */
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  /** Present when what differs is a secret, which both sides show as `***`. */
  readonly secret_changed?: true
}

export interface OutputChange {
  readonly action: ChangeAction
  readonly slug: string
  readonly name: string
  /** Its secrets masked. */
  readonly url: string
  /** Empty unless updated. */
  readonly changes: ReadonlyArray<FieldChange>
  /** True when the connection is begun anew, should the channel run. */
  readonly restarts: boolean
}

export interface ChannelChange {
  readonly action: ChangeAction
  readonly slug: string
  readonly name: string
  /** What changes of the channel's own fields; empty unless it is updated. */
  readonly changes: ReadonlyArray<FieldChange>
  /** Only those that are not as they were. */
  readonly outputs: ReadonlyArray<OutputChange>
}

export interface ConfigDiff {
  readonly changed: boolean
  /** As in `1 channel created, 2 outputs updated`. */
  readonly summary: string
  /** Only those that are not as they were: in the order of the wanted document, then what is removed. */
  readonly channels: ReadonlyArray<ChannelChange>
}

const NESTED = new Set(["input", "settings"])

/** The fields of a channel or an output with those of `input` and `settings` beside them. */
const flat = (fields: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>): ReadonlyMap<string, unknown> =>
  new Map(
    names.flatMap((name): ReadonlyArray<readonly [string, unknown]> => {
      const value = fields[name]
      if (!NESTED.has(name) || typeof value !== "object" || value === null) return [[name, value]]
      return Object.entries(sorted(value)).map(([key, inner]) => [`${name}.${key}`, inner])
    }),
  )

const show = (field: string, value: unknown): unknown => {
  if (value === undefined || value === null) return null
  if (field === "url" || field === "input_url" || field === "backup_input_url") return maskSecrets(String(value))
  return field === "stream_key" ? MASK : shownSetting(field.replace(/^settings\./, ""), value)
}

const fieldChanges = (before: object, after: object, names: ReadonlyArray<string>): ReadonlyArray<FieldChange> => {
  const [old, wanted] = [flat({ ...before }, names), flat({ ...after }, names)]
  return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((field): ReadonlyArray<FieldChange> => {
    const text = (value: unknown) => JSON.stringify(value ?? null)
    const [a, b] = [old.get(field), wanted.get(field)]
    if (text(a) === text(b)) return []
    const [from, to] = [show(field, a), show(field, b)]
    return [{ field, from, to, ...(text(from) === text(to) ? { secret_changed: true } : {}) }]
  })
}

/** A channel with the addresses that were given of its legs, and not those that follow from URLs. */
const addressed = ({ rtp_ip, rtp_port, backup_rtp_ip, backup_rtp_port, ...channel }: WantedChannel) => ({
  ...channel,
  ...storedAddresses({ rtp_ip, rtp_port, backup_rtp_ip, backup_rtp_port, ...channel }),
})

const ofOutput = (
  action: ChangeAction,
  output: OutputConfig,
  changes: ReadonlyArray<FieldChange> = [],
  restarts = false,
): OutputChange => ({
  action,
  slug: output.slug,
  name: output.name,
  url: maskSecrets(output.url),
  changes,
  restarts,
})

const bySlug = <A extends { readonly slug: string }>(items: ReadonlyArray<A>): ReadonlyMap<string, A> =>
  new Map(items.map((item) => [item.slug, item]))

function* outputChanges(
  old: ReadonlyArray<OutputConfig>,
  wanted: ReadonlyArray<OutputConfig>,
  host: OutputHost,
): Sliced<ReadonlyArray<OutputChange>> {
  const [before, after] = [bySlug(old), bySlug(wanted)]
  const kept: OutputChange[] = []
  for (const output of wanted) {
    yield
    const was = before.get(output.slug)
    const changes = was === undefined ? [] : fieldChanges(was, output, OUTPUT_FIELDS)
    if (was === undefined) kept.push(ofOutput("created", output))
    else if (changes.length > 0) {
      const restarts = was.enabled && output.enabled && revisionOf(was, host) !== revisionOf(output, host)
      kept.push(ofOutput("updated", output, changes, restarts))
    }
  }
  return [...kept, ...old.filter(({ slug }) => !after.has(slug)).map((output) => ofOutput("removed", output))]
}

const SUMMED = ["created", "updated", "removed"] as const

/** `2 channels created, 1 removed, 3 outputs updated`; counts of outputs are of channels that stay. */
const summaryOf = (channels: ReadonlyArray<ChannelChange>): string => {
  const count = (items: ReadonlyArray<{ readonly action: ChangeAction }>, noun: string) =>
    SUMMED.flatMap((action) => {
      const n = items.filter((item) => item.action === action).length
      return n === 0 ? [] : [`${n} ${noun}${n === 1 ? "" : "s"} ${action}`]
    })
  const own = channels.filter(({ action, changes }) => action !== "updated" || changes.length > 0)
  const outputs = channels.filter(({ action }) => action === "updated").flatMap((channel) => channel.outputs)
  const parts = [...count(own, "channel"), ...count(outputs, "output")]
  return parts.length === 0 ? "nothing changes" : parts.join(", ")
}

/** Channels and outputs are found again by their slugs. */
export function* diffConfigs(
  current: ReadonlyArray<WantedChannel>,
  wanted: ReadonlyArray<WantedChannel>,
  host: OutputHost,
): Sliced<ConfigDiff> {
  const [before, after] = [bySlug(current), bySlug(wanted)]
  const kept: ChannelChange[] = []
  for (const channel of wanted) {
    yield
    const { name, slug } = channel
    const was = before.get(slug)
    const outputs = yield* outputChanges(was?.outputs ?? [], channel.outputs, host)
    const changes = was === undefined ? [] : fieldChanges(addressed(was), addressed(channel), CHANNEL_FIELDS)
    if (was === undefined) kept.push({ action: "created", slug, name, changes, outputs })
    else if (changes.length > 0 || outputs.length > 0) kept.push({ action: "updated", slug, name, changes, outputs })
  }
  const removed: ChannelChange[] = []
  for (const { name, outputs, slug } of current.filter((channel) => !after.has(channel.slug)))
    removed.push({ action: "removed", slug, name, changes: [], outputs: yield* outputChanges(outputs, [], host) })
  const channels = [...kept, ...removed]
  return { changed: channels.length > 0, summary: summaryOf(channels), channels }
}
