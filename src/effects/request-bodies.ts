/** What the API takes. Field names are the contract's (snake_case); the schemas validate and bound every input. */
import { Schema } from "effect"
import { INPUT_BOUNDS, MAX_ALLOWED_SENDERS } from "./input-policy.ts"
import { type InputSettings, Protocol, SourceName } from "./model.ts"

const text = (max: number) =>
  Schema.String.pipe(
    Schema.minLength(1),
    Schema.maxLength(max),
    Schema.filter((s) =>
      /[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(s)
        ? "must not hold control or text-direction characters"
        : undefined,
    ),
  )

const Port = Schema.Int.pipe(Schema.between(1, 65535))
const Name = text(128)
const Address = text(64)
/** Long enough for a 512-character stream id, percent-encoded. */
const OutputUrl = text(4096)

/** Body of `POST /api/channels/{id}/outputs`. */
export const OutputInput = Schema.Struct({
  name: Schema.optional(Schema.NullOr(Name)),
  protocol: Schema.optional(Protocol),
  url: OutputUrl,
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputInput = typeof OutputInput.Type

/** Body of `PUT /api/channels/{id}/outputs/{output_id}`: what is left out stays as it is. */
export const OutputUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  protocol: Schema.optional(Protocol),
  url: Schema.optional(OutputUrl),
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputUpdate = typeof OutputUpdate.Type

const bounded = (name: keyof typeof INPUT_BOUNDS) => {
  const [lowest, highest] = INPUT_BOUNDS[name]
  return Schema.Int.pipe(Schema.between(lowest, highest))
}
/** A setting may be left out; null stands for its default. */
const setting = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/** `input` of a channel's bodies; see `InputSettings`. What is left out stays as it is, null goes back to the default. */
export const InputSettingsInput = Schema.Struct({
  mode: setting(Schema.Literal("auto", "failover", "merge")),
  failover_after_ms: setting(bounded("failover_after_ms")),
  failback: setting(Schema.Literal("auto", "manual")),
  failback_after_s: setting(bounded("failback_after_s")),
  switch: setting(Schema.Literal("clean", "immediate")),
  reorder_ms: setting(bounded("reorder_ms")),
  merge_window_ms: setting(bounded("merge_window_ms")),
  fec: setting(Schema.Literal("off", "auto")),
  allowed_senders: setting(Schema.Array(Address).pipe(Schema.maxItems(MAX_ALLOWED_SENDERS))),
  interface: setting(text(64)),
  source: setting(Address),
  backup_interface: setting(text(64)),
  backup_source: setting(Address),
  rcvbuf: setting(bounded("rcvbuf")),
  scte35_min_preroll_s: setting(bounded("scte35_min_preroll_s")),
  scte35_max_break_s: setting(bounded("scte35_max_break_s")),
  scte35_silent_after_h: setting(bounded("scte35_silent_after_h")),
})
export type InputSettingsInput = typeof InputSettingsInput.Type

/** `old` with what `input` changes. */
export const settingsOf = (input: InputSettingsInput | undefined, old: InputSettings = {}): InputSettings =>
  Object.fromEntries(Object.entries({ ...old, ...input }).filter(([, value]) => value !== null && value !== undefined))

/** Body of `POST /api/channels/{id}/switch`. `force` switches to a leg that receives nothing usable as well. */
export const SwitchInput = Schema.Struct({ source: SourceName, force: Schema.optional(Schema.Boolean) })
export type SwitchInput = typeof SwitchInput.Type

/** Body of `POST /api/channels`. */
export const ChannelInput = Schema.Struct({
  name: Name,
  rtp_ip: Schema.optional(Address),
  rtp_port: Port,
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
  outputs: Schema.optional(Schema.Array(OutputInput).pipe(Schema.maxItems(500))),
})
export type ChannelInput = typeof ChannelInput.Type

/** Body of `PUT /api/channels/{id}`: what is left out stays as it is; outputs have their own routes. */
export const ChannelUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  rtp_ip: Schema.optional(Address),
  rtp_port: Schema.optional(Port),
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
})
export type ChannelUpdate = typeof ChannelUpdate.Type
