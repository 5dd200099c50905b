/** From what a request asks for to what is stored: every field checked, names and slugs given. Pure; errors carry the field's path. */
import { maskSecrets, parseOutputUrl, protocolOfUrl } from "../core/output-url.ts"
import { checkInput } from "./check-input.ts"
import type { FieldError } from "./Errors.ts"
import type { ChannelConfig, InputSettings, OutputConfig, Protocol } from "./model.ts"
import { type ChannelInput, type ChannelUpdate, type OutputInput, type OutputUpdate, settingsOf } from "./request-bodies.ts"
import { slugOf, uniqueSlug } from "./slug.ts"

/** Where new ids and times come from. */
export interface Stamp {
  readonly id: () => string
  readonly createdAt: string
}

export type Checked<A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly errors: ReadonlyArray<FieldError> }

const failed = (errors: ReadonlyArray<FieldError>): { readonly ok: false; readonly errors: ReadonlyArray<FieldError> } => ({
  ok: false,
  errors,
})
const done = <A>(value: A): Checked<A> => ({ ok: true, value })

/** `SRT 1`, or the first number that is free. */
const nameFor = (protocol: Protocol, taken: ReadonlyArray<OutputConfig>): string => {
  const names = new Set(taken.map((output) => output.name))
  let n = 1
  while (names.has(`${protocol.toUpperCase()} ${n}`)) n++
  return `${protocol.toUpperCase()} ${n}`
}

const checkUrl = (url: string, asked: Protocol | undefined, at: string): Checked<Protocol> => {
  const scheme = protocolOfUrl(url)
  if (asked !== undefined && scheme !== null && asked !== scheme) {
    return failed([{ path: `${at}protocol`, message: `is "${asked}" but the URL is for ${scheme}` }])
  }
  const parsed = parseOutputUrl(url)
  if (!parsed.ok) return failed(parsed.errors.map((e) => ({ path: `${at}url`, message: e.message })))
  return scheme === null ? failed([{ path: `${at}url`, message: "names no protocol" }]) : done(scheme)
}

/** `at` is the path of the output in the request, with its dot: `` or `outputs[0].`. */
export const newOutput = (input: OutputInput, siblings: ReadonlyArray<OutputConfig>, stamp: Stamp, at: string): Checked<OutputConfig> => {
  const protocol = checkUrl(input.url, input.protocol, at)
  if (!protocol.ok) return protocol
  const name = input.name ?? nameFor(protocol.value, siblings)
  const slug = uniqueSlug(slugOf(name, "output"), new Set(siblings.map((output) => output.slug)))
  const { createdAt: created_at, id } = stamp
  return done({ id: id(), slug, name, protocol: protocol.value, url: input.url, enabled: input.enabled ?? true, created_at })
}

/** What the update leaves out stays. A URL sent back with its secrets masked is the URL as it is. */
export const changedOutput = (old: OutputConfig, input: OutputUpdate): Checked<OutputConfig> => {
  const url = input.url === undefined || input.url === maskSecrets(old.url) ? old.url : input.url
  const protocol = checkUrl(url, input.protocol, "")
  if (!protocol.ok) return protocol
  return done({ ...old, name: input.name ?? old.name, url, protocol: protocol.value, enabled: input.enabled ?? old.enabled })
}

export const newChannel = (input: ChannelInput, slugs: ReadonlySet<string>, stamp: Stamp): Checked<Omit<ChannelConfig, "number">> => {
  const outputs: Array<OutputConfig> = []
  const errors: Array<FieldError> = []
  for (const [index, wanted] of (input.outputs ?? []).entries()) {
    const output = newOutput(wanted, outputs, stamp, `outputs[${index}].`)
    if (output.ok) outputs.push(output.value)
    else errors.push(...output.errors)
  }
  const autostart = input.autostart ?? false
  const channel: Omit<ChannelConfig, "number"> = {
    id: stamp.id(),
    slug: uniqueSlug(slugOf(input.name, "channel"), slugs),
    name: input.name,
    rtp_ip: input.rtp_ip ?? "0.0.0.0",
    rtp_port: input.rtp_port,
    backup_rtp_ip: input.backup_rtp_ip ?? null,
    backup_rtp_port: input.backup_rtp_port ?? null,
    input: settingsOf(input.input),
    autostart,
    should_run: autostart,
    created_at: stamp.createdAt,
    outputs,
  }
  errors.push(...checkInput(channel))
  return errors.length > 0 ? failed(errors) : done(channel)
}

/** Settings of a backup that is taken away go with it. */
const withoutBackup = ({ backup_interface: _, backup_source: __, ...rest }: InputSettings): InputSettings => rest

/** What the update leaves out stays; the slug stays too, since metrics and bookmarks hold it. */
export const changedChannel = (old: ChannelConfig, input: ChannelUpdate): Checked<ChannelConfig> => {
  const backup_rtp_ip = input.backup_rtp_ip === undefined ? old.backup_rtp_ip : input.backup_rtp_ip
  const channel: ChannelConfig = {
    ...old,
    name: input.name ?? old.name,
    rtp_ip: input.rtp_ip ?? old.rtp_ip,
    rtp_port: input.rtp_port ?? old.rtp_port,
    backup_rtp_ip,
    backup_rtp_port: input.backup_rtp_port === undefined ? old.backup_rtp_port : input.backup_rtp_port,
    input: settingsOf(input.input, backup_rtp_ip === null ? withoutBackup(old.input) : old.input),
    autostart: input.autostart ?? old.autostart,
  }
  const errors = checkInput(channel)
  return errors.length > 0 ? failed(errors) : done(channel)
}
