/**
 * Optimistic locking (RFC 9110 13.1.1): every answer with a channel or an output names the state of its configuration
 * in `ETag`, and a change with `If-Match` is made only while that state still holds.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { Context } from "hono"
import { InputSettingsInput } from "../../effects/config/request-bodies.ts"
import type { ChannelView, OutputView } from "../../effects/model/channel.ts"
import type { StateTagsService } from "../../effects/store/StateTags.ts"
import { makeProblem, Refused } from "./problem.ts"

/**
 * Fields of the API that are configuration (true) and part of the tag. Live figures change every second, and nobody
 * decides by them.
 */
const OF_OUTPUT: Readonly<Record<keyof OutputView, boolean>> = {
  id: true,
  number: true,
  slug: true,
  name: true,
  protocol: true,
  url: true,
  stream_key: true,
  settings: true,
  preset: true,
  enabled: true,
  created_at: true,
  status: false,
  lifecycle: false,
  uptime: false,
  error_count: false,
  reconnects: false,
  last_error: false,
  next_retry_at: false,
  bitrate: false,
  bytes_sent: false,
  packets_sent: false,
  packets_dropped: false,
  options: false,
  warnings: false,
  srt: false,
  srt_stack: false,
  needs_libsrt: false,
  backup: false,
  carrying: false,
  receivers: false,
  cues_sent: false,
  cues_missed: false,
}
const OF_CHANNEL: Readonly<Record<keyof ChannelView, boolean>> = {
  id: true,
  number: true,
  slug: true,
  name: true,
  created_at: true,
  tags: true,
  autostart: true,
  auto_run: true,
  rtp_ip: true,
  rtp_port: true,
  backup_rtp_ip: true,
  backup_rtp_port: true,
  input_url: true,
  backup_input_url: true,
  input: true,
  outputs: true,
  status: false,
  lifecycle: false,
  error: false,
  uptime: false,
  active_source: false,
  worst: false,
  alarms: false,
  scte35: false,
}

/** Names of the fields in the order in which they are hashed. */
const namesIn = (table: Readonly<Record<string, boolean>>, nested: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.keys(table).filter((name) => table[name] && !nested.includes(name))
const OUTPUT_FIELDS = namesIn(OF_OUTPUT, ["settings"]) as ReadonlyArray<keyof OutputView>
const CHANNEL_FIELDS = namesIn(OF_CHANNEL, ["input", "outputs"]) as ReadonlyArray<keyof ChannelView>
const INPUT_FIELDS = Object.keys(InputSettingsInput.fields) as ReadonlyArray<keyof typeof InputSettingsInput.fields>

/** Entries sorted by name, since settings are shown in the order in which they were given. */
const sorted = (settings: object): ReadonlyArray<unknown> =>
  Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))

type SecretsTag = StateTagsService["secretsTag"]

// A list of 50 channels may be asked for hundreds of times a second, so nothing is copied or searched.
const configOfOutput = (output: OutputView, secretsTag: SecretsTag): ReadonlyArray<unknown> => [
  OUTPUT_FIELDS.map((name) => output[name]),
  sorted(output.settings),
  secretsTag(output.id),
]
const configOfChannel = (channel: ChannelView, secretsTag: SecretsTag): ReadonlyArray<unknown> => [
  CHANNEL_FIELDS.map((name) => channel[name]),
  secretsTag(channel.id),
  INPUT_FIELDS.map((name) => channel.input[name]),
  channel.outputs.map((output) => configOfOutput(output, secretsTag)),
]

const tagOf = (config: unknown): string =>
  `"${createHash("sha256").update(JSON.stringify(config)).digest("base64url").slice(0, 22)}"`

/** Makes strong entity tags of stored state. Masked secrets count too, by a tag that reveals nothing about them. */
export const makeEtags = ({ secretsTag }: { readonly secretsTag: SecretsTag }) => ({
  ofChannel: (channel: ChannelView): string => tagOf(configOfChannel(channel, secretsTag)),
  ofChannels: (channels: ReadonlyArray<ChannelView>): string =>
    tagOf(channels.map((one) => configOfChannel(one, secretsTag))),
  ofOutput: (output: OutputView): string => tagOf(configOfOutput(output, secretsTag)),
  ofOutputs: (outputs: ReadonlyArray<OutputView>): string =>
    tagOf(outputs.map((one) => configOfOutput(one, secretsTag))),
})
/** A tag made by the control plane, quoted as in a header. */
export const quoted = (tag: string): string => `"${tag}"`

/** A list of entity tags (RFC 9110 8.8.3); weak ones are legal but never match. */
const TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/

/** Fails with 412 when the request's `If-Match` names another state than `etag`; without `If-Match` it passes. */
export const checkIfMatch = (c: Context, etag: string): Effect.Effect<void, Refused> =>
  Effect.suspend(() => {
    const given = c.req.header("if-match")?.trim()
    if (given === undefined || given === "*") return Effect.void
    const refuse = (
      kind: "bad-request" | "precondition-failed",
      detail: string,
      headers: Record<string, string> = {},
    ) =>
      new Refused({ problem: makeProblem(kind, detail, { errors: [{ path: "If-Match", message: detail }], headers }) })
    if (!TAGS.test(given))
      return refuse("bad-request", 'If-Match must be * or entity tags in quotes, as ETag gives them: "abc"')
    if (given.split(",").some((tag) => tag.trim() === etag)) return Effect.void
    const detail =
      "the configuration was changed since it was read: read it again, and send the ETag of that answer as If-Match"
    return refuse("precondition-failed", detail, { ETag: etag })
  })
