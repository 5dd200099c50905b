/** An engine without a process: records what it is told, and tells what the test wants. */
import { Effect, SubscriptionRef } from "effect"
import {
  type ChannelStats,
  type Command,
  type EngineInfo,
  type EngineStats,
  type LegStats,
  type OutputStats,
  PROTOCOL_VERSION,
  type Reason,
  type SessionState,
} from "../../engine/protocol/messages.ts"
import type { ChannelEngine, EngineClientService } from "../engine/EngineClient.ts"
import { makeInboxes } from "../engine/engine-inboxes.ts"
import type { EngineMember, MemberHooks } from "../engine/engine-member.ts"
import { makeEngineState } from "../engine/engine-state.ts"
import { EngineRefused, EngineUnavailable } from "../model/Errors.ts"

export const fakeInfo: EngineInfo = {
  protocol: PROTOCOL_VERSION,
  engine_id: "engine-1",
  pid: 4711,
  started_at: 0,
  runtime: "test",
  srt: { available: true, version: "1.5.3", problem: null },
}

export const legStats = (over: Partial<LegStats> = {}): LegStats => ({
  name: "primary",
  ip: "127.0.0.1",
  port: 5000,
  problem: null,
  receiving: true,
  warnings: [],
  framing: "rtp",
  source: "127.0.0.1:40000",
  ssrc: 1,
  last_packet_at: 1,
  jitter_ms: 0,
  rcvbuf_bytes: 1,
  kernel_drops: 0,
  verdict: "good",
  reasons: [],
  findings: [],
  fec: null,
  pcr_jitter_ms: 0,
  pcr_jitter_max_ms: 0,
  max_gap_ms: 0,
  pcr_bitrate: 0,
  access_point_interval_ms: null,
  pids: [],
  programmes: [],
  counters: { bytes: 0 },
  ...over,
})

export const outputStats = (over: Partial<OutputStats> & Pick<OutputStats, "id" | "session" | "url">): OutputStats => ({
  state: "connected",
  opened_at: 0,
  connected_at: 0,
  bytes_sent: 0,
  queue_bytes: 0,
  packets_sent: 0,
  packets_dropped: 0,
  send_errors: 0,
  last_send_error: null,
  warnings: [],
  address: null,
  srt: null,
  receivers: [],
  ...over,
})

export const channelStats = (over: Partial<ChannelStats> & Pick<ChannelStats, "id">): ChannelStats => ({
  started_at: 0,
  active_source: "primary",
  pending_source: null,
  merge: "off",
  path_difference_ms: null,
  merge_lost: 0,
  merge_mismatches: 0,
  switches: 0,
  clock_90k: null,
  redundancy: "none",
  legs: [legStats()],
  outputs: [],
  ...over,
})

export const engineStats = (channels: ReadonlyArray<ChannelStats> = [], at = 0): EngineStats => ({
  at,
  cpu_seconds: 0,
  rss_bytes: 0,
  loop_max_ms: 0,
  loop_passes: 0,
  event_overflows: 0,
  output_faults: 0,
  input_faults: 0,
  engine_faults: 0,
  channels: [...channels],
})

export interface FakeEngine {
  readonly service: EngineClientService & ChannelEngine
  /** Everything sent so far, in order. */
  readonly sent: Array<Command>
  /** A command as `cmd output` or `cmd channel`, for comparing. */
  readonly log: () => ReadonlyArray<string>
  /** Makes commands fail; null accepts. */
  refuse: (command: Command) => Reason | null
  /** Reports a state of the session that was opened last for an output. */
  readonly output: (outputId: string, state: SessionState, reason?: Reason) => Effect.Effect<void>
  readonly emit: (event: Parameters<ReturnType<typeof makeInboxes>["dispatch"]>[0]) => Effect.Effect<void>
  readonly stats: (stats: EngineStats) => Effect.Effect<void>
  /** The connection breaks: every session ends. */
  readonly lose: Effect.Effect<void>
  /** Run before and after each message of figures, and after each change of the connection. */
  told: { readonly before: Effect.Effect<void>; readonly after: Effect.Effect<void> }
  /** A connection comes up, with what the engine runs. */
  readonly connect: (stats?: EngineStats) => Effect.Effect<void>
}

const nameOf = (command: Command): string => {
  switch (command.cmd) {
    case "put_channel":
      return `put_channel ${command.channel.label}`
    case "open_output":
      return `open_output ${command.output.id}`
    case "close_output":
      return `close_output ${command.output_id}`
    case "remove_channel":
      return `remove_channel ${command.channel_id}`
    case "switch_source":
      return `switch_source ${command.leg}`
    default:
      return command.cmd
  }
}

/** What a fake engine holds. */
interface Held extends Effect.Effect.Success<typeof makeEngineState> {
  readonly inboxes: ReturnType<typeof makeInboxes>
  readonly sent: Array<Command>
  /** The session that was opened last, of each output by its id. */
  readonly sessions: Map<string, { readonly channel: string; readonly session: string }>
}

const serviceOf = (
  { inboxes, link, sent, sessions, state, update }: Held,
  fake: Pick<FakeEngine, "refuse" | "told">,
): FakeEngine["service"] => {
  const service: FakeEngine["service"] = {
    state,
    link,
    watchSession: inboxes.watchSession,
    watchChannel: inboxes.watchChannel,
    adopt: inboxes.adopt,
    detach: Effect.void,
    place: () => Effect.succeed(service),
    leave: () => Effect.void,
    replace: () => Effect.succeed(false),
    refresh: () =>
      Effect.flatMap(service.send({ cmd: "state" }), ({ stats: now }) =>
        now === undefined
          ? Effect.void
          : Effect.zipRight(
              update(() => ({ stats: now })),
              fake.told.after,
            ),
      ),
    send: (command) =>
      Effect.gen(function* () {
        const { connected, stats: now } = yield* SubscriptionRef.get(state)
        if (!connected) return yield* new EngineUnavailable({ reason: "killed" })
        sent.push(command)
        const refused = fake.refuse(command)
        if (refused !== null) return yield* new EngineRefused({ ...refused, reason: refused.message })
        if (command.cmd === "open_output")
          sessions.set(command.output.id, { channel: command.channel_id, session: command.output.session })
        const pid = command.cmd === "insert_cue" ? { pid: command.pid ?? 500 } : {}
        return { re: 0, ok: true as const, ...pid, ...(now === null ? {} : { stats: now }) }
      }),
  }
  return service
}

/** Connected from the start, with `stats` as what it already runs. */
export const makeFakeEngine = (stats: EngineStats = engineStats()): Effect.Effect<FakeEngine> =>
  Effect.gen(function* () {
    const held: Held = { ...(yield* makeEngineState), inboxes: makeInboxes(), sent: [], sessions: new Map() }
    const { inboxes, sent, sessions, update } = held
    const remember = (found: EngineStats) => {
      for (const channel of found.channels) {
        for (const output of channel.outputs) sessions.set(output.id, { channel: channel.id, session: output.session })
      }
    }
    const heard: Omit<FakeEngine, "service"> = {
      sent,
      told: { before: Effect.void, after: Effect.void },
      refuse: () => null,
      log: () => sent.map(nameOf),
      emit: (event) =>
        Effect.zipRight(
          Effect.sync(() => inboxes.dispatch(event)),
          settle,
        ),
      output: (output_id, to, reason) =>
        Effect.suspend(() => {
          const { channel, session } = sessions.get(output_id) ?? { channel: "", session: "" }
          return fake.emit({
            event: "output_state",
            channel_id: channel,
            output_id,
            session,
            state: to,
            reason: reason ?? null,
          })
        }),
      stats: (next) =>
        Effect.suspend(() => fake.told.before).pipe(
          Effect.zipRight(update((s) => ({ previous: s.stats, stats: next }))),
          Effect.zipRight(Effect.suspend(() => fake.told.after)),
          Effect.zipRight(settle),
        ),
      lose: Effect.gen(function* () {
        yield* update(() => ({ connected: false, problem: "killed", stats: null, previous: null }))
        inboxes.endAll({ code: "engine_lost", message: "the engine (pid 4711) was lost", transient: true })
        yield* fake.told.after
        yield* settle
      }),
      connect: (found = engineStats()) =>
        Effect.gen(function* () {
          inboxes.offerForAdoption(found)
          remember(found)
          yield* update((s) => ({
            connected: true,
            info: fakeInfo,
            problem: null,
            generation: s.generation + 1,
            stats: found,
            previous: null,
          }))
          yield* fake.told.after
          yield* settle
        }),
    }
    const fake: FakeEngine = Object.assign(heard, { service: serviceOf(held, heard) })
    yield* fake.connect(stats)
    return fake
  })

/** A fake engine as one of a pool: what the test does to it is told to the pool. */
export const fakeMember = (fake: FakeEngine, number: number, hooks: MemberHooks): Effect.Effect<EngineMember> =>
  Effect.gen(function* () {
    const { adopt, link, send, state, watchChannel, watchSession } = fake.service
    let before = yield* SubscriptionRef.get(state)
    const told = Effect.flatMap(SubscriptionRef.get(state), (now) => {
      const isLink = now.connected !== before.connected || now.generation !== before.generation
      before = now
      return hooks.changed(isLink ? "connection" : "figures", now)
    })
    fake.told = { before: hooks.beforeFigures, after: told }
    // As of an engine that is attached: not before the pool has the member.
    yield* Effect.forkDaemon(Effect.zipRight(Effect.yieldNow(), hooks.changed("connection", before)))
    return {
      number,
      name: `engine ${number}`,
      state,
      link,
      inboxes: { ...makeInboxes(), watchChannel, watchSession, adopt },
      send: (command) => send(command),
      refresh: fake.service.refresh(""),
      attached: Effect.void,
      replace: Effect.succeed(false),
      detach: Effect.void,
    }
  })

/** Lets every fiber that can run do so. */
export const settle: Effect.Effect<void> = Effect.repeatN(Effect.yieldNow(), 200)
