/** Answers about the service itself, its engines and its machine. Held to the interfaces by `schemas.test.ts`. */
import { Schema } from "effect"
import { Handled } from "../../effects/engine/Crashes.ts"
import { Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Num, String: Text, Struct } = Schema
const Count = Schema.Int.pipe(Schema.nonNegative())
const texts = List(Text)

const EngineHealth = Struct({ connected: Flag, pid: NullOr(Count), uptime: Num, restarts: Count })
/** One of several engines. */
export const NumberedEngine = Struct({
  ...EngineHealth.fields,
  number: Count,
  channels: Count,
  outdated: Flag,
  problem: NullOr(Text),
})
const EngineUsage = Struct({ cpu_seconds: Num, cpu_percent: Num, rss_bytes: Count, loop_max_ms: Num })

/** What the machine is like as a place for the service. */
export const MachineCheck = Struct({
  id: Text,
  state: Literal("ok", "warning", "unknown"),
  found: Text,
  cost: Text,
  remedy: Text,
})

/** A channel that is kept out of the engines. */
export const KeptOut = Struct({ channel_id: Text, since: Time, crash: Text })
/** An engine that died or hung, or a control plane that died, as a list shows it. */
export const EngineCrash = Struct({
  id: Text,
  at: Time,
  process: Literal("engine", "control_plane"),
  engine: NullOr(Count),
  pid: Count,
  why: Text,
  uptime: Num,
  channels: texts,
  handled: NullOr(Handled),
})
export const EngineCrashes = Struct({ crashes: List(EngineCrash), kept_out: List(KeptOut) })
export const EngineCrashDetails = Struct({ ...EngineCrash.fields, figures: NullOr(Schema.Unknown), log: Text })

export const Health = Struct({
  status: Literal("ok", "degraded"),
  version: Text,
  uptime: Num,
  channels: Struct({ total: Count, running: Count, error: Count }),
  engine: EngineHealth,
  engines: List(NumberedEngine),
  srt: Struct({ available: Flag, version: NullOr(Text), problem: NullOr(Text) }),
  store: Struct({ ok: Flag }),
  machine: List(MachineCheck),
  kept_out: List(KeptOut),
  problems: texts,
  channel_problems: texts,
})
/** Figures of this process, of the engines and of the machine. */
export const SystemStats = Struct({
  version: Text,
  uptime: Num,
  service: Struct({ pid: Count, uptime: Num, cpu_seconds: Num, cpu_percent: Num, rss_bytes: Count }),
  engine: Struct({ ...EngineHealth.fields, ...EngineUsage.fields }),
  engines: List(Struct({ ...NumberedEngine.fields, ...EngineUsage.fields })),
  machine: Struct({ cpus: Count, load_average: List(Num), memory_bytes: Count, memory_free_bytes: Count }),
  inputs: Health.fields.channels,
  outputs: Struct({ total: Count, connected: Count, error: Count, bitrate: Num }),
})
export const Alive = Struct({ status: Literal("ok") })
export const Ready = Struct({ status: Literal("ready", "not ready"), store: Flag, engine: Flag })
