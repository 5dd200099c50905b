/**
 * Answers about the configuration as a whole, and those in the words of the second system. Held to the interfaces
 * by `schemas.test.ts`.
 */
import { Schema } from "effect"
import { ConfigDocument } from "../../effects/declarative/document.ts"
import { ChannelStatus, SourceName } from "../../effects/model/channel.ts"
import { Channel, Output, Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Num, String: Text, Struct } = Schema

const Count = Schema.Int.pipe(Schema.nonNegative())
const ChangeAction = Literal("created", "updated", "removed")

export const FieldChange = Struct({
  field: Text,
  from: Schema.Unknown,
  to: Schema.Unknown,
  secret_changed: Schema.optionalWith(Literal(true), { exact: true }),
})

export const OutputChange = Struct({
  action: ChangeAction,
  slug: Text,
  name: Text,
  url: Text,
  changes: List(FieldChange),
  restarts: Flag,
})

export const ChannelChange = Struct({
  action: ChangeAction,
  slug: Text,
  name: Text,
  changes: List(FieldChange),
  outputs: List(OutputChange),
})

export const ConfigAnswer = Struct({
  dry_run: Flag,
  version: NullOr(Count),
  changed: Flag,
  summary: Text,
  channels: List(ChannelChange),
})

export const Version = Struct({ version: Count, at: Time, by: Text, what: Text })
export const Versions = Struct({ versions: List(Version) })
export const Change = Struct({ id: Count, at: Time, by: Text, change: ChannelChange })
export const ConfigChanges = Struct({ changes: List(Change) })
export const VersionWithConfig = Struct({ ...Version.fields, config: ConfigDocument })

// --- Inputs by number
const { id: _, number: __, ...outputFields } = Output.fields
export const NumberedOutput = Struct({ id: Count, input_id: Count, output_id: Text, ...outputFields })
export const NumberedOutputs = Struct({ outputs: List(NumberedOutput) })

export const NumberedInput = Struct({
  id: Count,
  channel_id: Text,
  slug: Text,
  name: Text,
  udp_port: NullOr(Count),
  url: NullOr(Text),
  status: ChannelStatus,
  lifecycle: Channel.fields.lifecycle,
  error: NullOr(Text),
  uptime: Num,
  bitrate: Num,
  framing: Literal("none", "rtp", "udp", "srt"),
  active_source: SourceName,
  created_at: Time,
  outputs: List(NumberedOutput),
})
export const NumberedInputs = Struct({ inputs: List(NumberedInput) })

export const OutputLog = Struct({
  logs: List(Struct({ at: Time, level: Literal("info", "warning", "error"), kind: Text, message: Text })),
})
