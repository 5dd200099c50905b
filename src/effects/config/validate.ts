/**
 * From what a request asks for to what is stored: every field checked, names and slugs given. Pure; errors carry the
 * field's path.
 */

import { BACKUP_SETTINGS } from "../../core/input/input-settings.ts"
import type { ChannelConfig, InputSettings, OutputConfig, Protocol } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { checkInput } from "./check-input.ts"
import { type Checked, done, failed } from "./checked.ts"
import { legAddresses } from "./leg-address.ts"
import { changedDestination, newDestination } from "./output-input.ts"
import {
  type ChannelInput,
  type ChannelUpdate,
  type OutputInput,
  type OutputUpdate,
  settingsOf,
} from "./request-bodies.ts"
import { slugOf, uniqueSlug } from "./slug.ts"
import { tidyTags } from "./tags.ts"

/** Where new ids and times come from. */
export interface Stamp {
  readonly id: () => string
  readonly createdAt: string
}

export type { Checked } from "./checked.ts"

/** `SRT 1`, or the first number that is free. */
const nameFor = (protocol: Protocol, taken: ReadonlyArray<OutputConfig>): string => {
  const names = new Set(taken.map((output) => output.name))
  let n = 1
  while (names.has(`${protocol.toUpperCase()} ${n}`)) n++
  return `${protocol.toUpperCase()} ${n}`
}

/**
 * `at` is the path of the output in the request, with its dot: `` or `outputs[0].`; `lastNumber` is the highest number
 * that an output of the channel ever had.
 */
export const newOutput = (
  input: OutputInput,
  siblings: ReadonlyArray<OutputConfig>,
  stamp: Stamp,
  at: string,
  lastNumber = 0,
): Checked<OutputConfig> => {
  const destination = newDestination(input, at)
  if (!destination.ok) return destination
  const name = input.name || nameFor(destination.value.protocol, siblings)
  const slug = uniqueSlug(slugOf(name, "output"), new Set(siblings.map((output) => output.slug)))
  const { createdAt: created_at, id } = stamp
  const number = 1 + Math.max(lastNumber, ...siblings.map((output) => output.number))
  return done({ id: id(), number, slug, name, ...destination.value, enabled: input.enabled ?? true, created_at })
}

/** Several at once, each told apart from those before it; `at` of the nth is `outputs[n].`. */
export const newOutputs = (
  inputs: ReadonlyArray<OutputInput>,
  channel: Pick<ChannelConfig, "outputs" | "last_output_number">,
  stamp: Stamp,
): Checked<ReadonlyArray<OutputConfig>> => {
  const added: OutputConfig[] = []
  const errors: FieldError[] = []
  for (const [index, input] of inputs.entries()) {
    const output = newOutput(
      input,
      [...channel.outputs, ...added],
      stamp,
      `outputs[${index}].`,
      channel.last_output_number,
    )
    if (output.ok) added.push(output.value)
    else errors.push(...output.errors)
  }
  return errors.length > 0 ? failed(errors) : done(added)
}

/** Longest name that the API takes. */
const MAX_NAME = 128

/**
 * A second output to the same destination, with its secrets: disabled, since both would send there, and under a name of
 * its own.
 */
export const copyOfOutput = (
  output: OutputConfig,
  { last_output_number, outputs }: Pick<ChannelConfig, "outputs" | "last_output_number">,
  { createdAt: created_at, id }: Stamp,
): OutputConfig => {
  const names = new Set(outputs.map(({ name }) => name))
  const nameOf = (suffix: string) => `${output.name.slice(0, MAX_NAME - suffix.length)}${suffix}`
  let name = nameOf(" copy")
  for (let n = 2; names.has(name); n++) name = nameOf(` copy ${n}`)
  const slug = uniqueSlug(slugOf(name, "output"), new Set(outputs.map((one) => one.slug)))
  const number = 1 + Math.max(last_output_number, ...outputs.map((one) => one.number))
  return { ...output, id: id(), number, slug, name, enabled: false, created_at }
}

/** What a form that adds would change of an output that there is. */
export const updateOf = ({ name, ...input }: OutputInput): OutputUpdate => ({ ...input, ...(name ? { name } : {}) })

/** What the update leaves out stays. Secrets sent back masked are the secrets as they are. */
export const changedOutput = (old: OutputConfig, input: OutputUpdate): Checked<OutputConfig> => {
  const destination = changedDestination(old, input)
  if (!destination.ok) return destination
  return done({ ...old, name: input.name ?? old.name, ...destination.value, enabled: input.enabled ?? old.enabled })
}

export const hasEnabled = (outputs: ReadonlyArray<OutputConfig>): boolean => outputs.some(({ enabled }) => enabled)

/** The slug that a new channel gets; `taken` are those there are. */
export const slugFor = (name: string, taken: ReadonlySet<string>): string => uniqueSlug(slugOf(name, "channel"), taken)

/** Addresses of a channel that is given whole: what is left out has its default, and secrets are those of `known`. */
const newAddresses = (input: ChannelInput, known: ChannelConfig | null) =>
  legAddresses(
    {
      ...input,
      input_url: input.input_url ?? null,
      backup_input_url: input.backup_input_url ?? null,
      rtp_port: input.rtp_port ?? null,
      backup_rtp_ip: input.backup_rtp_ip ?? null,
      backup_rtp_port: input.backup_rtp_port ?? null,
      rtp_ip: input.rtp_ip ?? (input.input_url == null ? "0.0.0.0" : null),
    },
    known,
  )

/** @param known the channel that there is already, whose secrets may come back masked */
export const newChannel = (
  input: ChannelInput,
  slugs: ReadonlySet<string>,
  stamp: Stamp,
  known: ChannelConfig | null = null,
): Checked<Omit<ChannelConfig, "number">> => {
  const outputs: Array<OutputConfig> = []
  const errors: Array<FieldError> = []
  for (const [index, wanted] of (input.outputs ?? []).entries()) {
    const output = newOutput(wanted, outputs, stamp, `outputs[${index}].`)
    if (output.ok) outputs.push(output.value)
    else errors.push(...output.errors)
  }
  const addresses = newAddresses(input, known)
  if (!addresses.ok) return failed([...errors, ...addresses.errors])
  const { auto_run = "off", autostart = false } = input
  const channel: Omit<ChannelConfig, "number"> = {
    id: stamp.id(),
    slug: slugFor(input.name, slugs),
    name: input.name,
    ...addresses.value,
    input: settingsOf(input.input),
    tags: tidyTags(input.tags ?? []),
    autostart,
    auto_run,
    should_run: autostart || (auto_run === "on_demand" && hasEnabled(outputs)),
    last_output_number: outputs.length,
    created_at: stamp.createdAt,
    outputs,
  }
  errors.push(...checkInput(channel))
  return errors.length > 0 ? failed(errors) : done(channel)
}

/** Settings of a backup that is taken away go with it. */
const withoutBackup = (settings: InputSettings): InputSettings =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !BACKUP_SETTINGS.some((setting) => setting === name)))

/** What the update leaves out stays; the slug stays too, since metrics and bookmarks hold it. */
export const changedChannel = (old: ChannelConfig, input: ChannelUpdate): Checked<ChannelConfig> => {
  const addresses = legAddresses(input, old)
  if (!addresses.ok) return addresses
  const channel: ChannelConfig = {
    ...old,
    name: input.name ?? old.name,
    ...addresses.value,
    input: settingsOf(input.input, addresses.value.backup_rtp_ip === null ? withoutBackup(old.input) : old.input),
    tags: input.tags === undefined ? old.tags : tidyTags(input.tags),
    autostart: input.autostart ?? old.autostart,
    auto_run: input.auto_run ?? old.auto_run,
  }
  const errors = checkInput(channel)
  return errors.length > 0 ? failed(errors) : done(channel)
}
