/** A control plane without streams: keeps channels in memory and lets tests set what they show. */
import { Effect, Queue, Stream } from "effect"
import type { CueView, Scte35View } from "../../effects/cue-model.ts"
import type { DistributorService, Health } from "../../effects/Distributor.ts"
import { Conflict, NotFound } from "../../effects/Errors.ts"
import { policyOf } from "../../effects/input-policy.ts"
import type { ChannelEventView, ChannelView, LegView, OutputView, Protocol } from "../../effects/model.ts"
import { type ChannelInput, type ChannelUpdate, type OutputInput, settingsOf } from "../../effects/request-bodies.ts"

const CREATED = "2026-01-02T03:04:05.000Z"
const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "unnamed"
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
const protocolOf = (url: string): Protocol => (url.startsWith("rtmp") ? "rtmp" : url.startsWith("udp") ? "udp" : "srt")

export const fakeLeg = (over: Partial<LegView> = {}): LegView => ({
  source: "primary",
  ip: "127.0.0.1",
  port: 5000,
  receiving: true,
  framing: "rtp",
  sender: "127.0.0.1:40000",
  bitrate: 8_020_000,
  last_error: null,
  warnings: [],
  verdict: "good",
  reasons: [],
  findings: [],
  fec: null,
  jitter_ms: 0,
  pcr_jitter_ms: 0,
  pcr_jitter_max_ms: 0,
  max_gap_ms: 0,
  pcr_bitrate: 0,
  access_point_interval_ms: null,
  rcvbuf_bytes: 8_388_608,
  kernel_drops: 0,
  pids: [],
  programmes: [],
  scte35_pids: [500],
  counters: { datagrams: 1000, bytes: 1_328_000, rtp_lost: 0, cc_errors: 0 },
  ...over,
})

type InputView = ChannelView["input"]
export const fakeInput = (over: Partial<InputView> = {}): InputView => ({
  ...policyOf({}),
  merge: "off",
  path_difference_ms: null,
  merge_lost: 0,
  merge_mismatches: 0,
  switches: 0,
  pending_source: null,
  redundancy: "none",
  legs: [fakeLeg()],
  ...over,
})

export const fakeEvent = (over: Partial<ChannelEventView> & { readonly id: number }): ChannelEventView => ({
  at: CREATED,
  kind: "started",
  severity: "info",
  source: null,
  output: null,
  message: "started by the operator",
  ...over,
})

export const fakeOutput = (over: Partial<OutputView> & { readonly id: string }): OutputView => ({
  slug: over.id,
  name: over.id,
  protocol: "srt",
  url: "srt://destination:9000?streamid=publish",
  enabled: true,
  status: "connecting",
  uptime: 0,
  error_count: 0,
  reconnects: 0,
  last_error: null,
  next_retry_at: null,
  bitrate: 0,
  bytes_sent: 0,
  packets_sent: 0,
  packets_dropped: 0,
  options: {},
  warnings: [],
  srt: null,
  receivers: [],
  cues_sent: 0,
  cues_missed: 0,
  created_at: CREATED,
  ...over,
})

export const fakeScte35 = (over: Partial<Scte35View> = {}): Scte35View => ({
  pids: [500],
  state: "idle",
  event_id: null,
  ends_in_s: null,
  last_cue_at: null,
  cues: 0,
  sections: 0,
  crc_errors: 0,
  ...over,
})

export const fakeCue = (over: Partial<CueView> & { readonly id: number }): CueView => ({
  at: CREATED,
  last_at: CREATED,
  pid: 500,
  source: "primary",
  cue: over.id,
  kind: "out",
  command: "splice_insert",
  event_id: 4711,
  event_ids: [4711],
  segmentation_type_ids: [],
  upids: [],
  pts: 900_000,
  preroll_s: 4.5,
  duration_s: 30,
  description: "splice_insert out, event 4711, at 00:10, break 30 s, auto-return",
  base64: "/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w==",
  hex: "fc302500000000000000fff01405000012677feffe000dbba0fe002932e0000000000000870da1fb",
  crc_ok: true,
  errors: [],
  repeats: 0,
  manual: false,
  outputs: [],
  ...over,
})

export const fakeHealth: Health = {
  status: "ok",
  version: "0.1.0-test",
  uptime: 12,
  channels: { total: 0, running: 0, error: 0 },
  engine: { connected: true, pid: 4242, uptime: 11, restarts: 0 },
  srt: { available: true, version: "1.5.1", problem: null },
  store: { ok: true },
  problems: [],
  channel_problems: [],
}

export interface FakeDistributor extends DistributorService {
  /** Replaces what a channel shows. */
  readonly show: (ref: string, over: Partial<ChannelView>) => void
  /** Replaces the events of a channel, newest first. */
  readonly happened: (ref: string, ...events: ReadonlyArray<ChannelEventView>) => void
  /** Replaces the cues of a channel, newest first. */
  readonly cued: (ref: string, ...cues: ReadonlyArray<CueView>) => void
  /** Makes `changes` emit. */
  readonly change: () => void
}

/** @param over replaces single verbs, to fail or to hang */
export const makeFakeDistributor = (over: Partial<DistributorService> = {}): FakeDistributor => {
  const channels = new Map<string, ChannelView>()
  const events = new Map<string, ReadonlyArray<ChannelEventView>>()
  const cues = new Map<string, ReadonlyArray<CueView>>()
  const changes = Effect.runSync(Queue.unbounded<void>())
  let ids = 0

  const find = (ref: string) =>
    Effect.suspend(() => {
      const found = [...channels.values()].find((c) => c.id === ref || c.slug === ref || String(c.number) === ref)
      return found === undefined ? Effect.fail(new NotFound({ kind: "channel", ref })) : Effect.succeed(found)
    })
  const findOutput = (ref: string, output: string) =>
    Effect.flatMap(find(ref), (channel) => {
      const found = channel.outputs.find((o) => o.id === output || o.slug === output)
      return found === undefined ? Effect.fail(new NotFound({ kind: "output", ref: output })) : Effect.succeed([channel, found] as const)
    })
  const put = (channel: ChannelView) => {
    channels.set(channel.id, channel)
    return channel
  }
  const makeOutput = (input: OutputInput, n: number): OutputView => {
    const name = input.name ?? `${protocolOf(input.url)} ${n}`
    return fakeOutput({
      id: uuid(++ids),
      slug: slugOf(name),
      name,
      protocol: protocolOf(input.url),
      url: input.url.replace(/(passphrase=)[^&]*/, "$1***"),
      enabled: input.enabled ?? true,
    })
  }
  const putOutput = (ref: string, output: string, change: Partial<OutputView>) =>
    Effect.map(findOutput(ref, output), ([channel, old]) => {
      const changed = { ...old, ...change }
      put({ ...channel, outputs: channel.outputs.map((o) => (o === old ? changed : o)) })
      return changed
    })
  const set = (ref: string, change: Partial<ChannelView>) => Effect.map(find(ref), (channel) => put({ ...channel, ...change }))

  return {
    health: Effect.succeed(fakeHealth),
    list: Effect.sync(() => [...channels.values()]),
    get: find,
    create: (input: ChannelInput) =>
      Effect.suspend(() => {
        if ([...channels.values()].some((c) => c.rtp_port === input.rtp_port)) {
          return new Conflict({ errors: [{ path: "rtp_port", message: `port ${input.rtp_port} is used by another channel` }] })
        }
        const rtp_ip = input.rtp_ip ?? "0.0.0.0"
        return Effect.succeed(
          put({
            id: uuid(++ids),
            number: channels.size + 1,
            slug: slugOf(input.name),
            name: input.name,
            rtp_ip,
            rtp_port: input.rtp_port,
            backup_rtp_ip: input.backup_rtp_ip ?? null,
            backup_rtp_port: input.backup_rtp_port ?? null,
            autostart: input.autostart ?? false,
            input: fakeInput({ ...settingsOf(input.input), legs: [fakeLeg({ ip: rtp_ip, port: input.rtp_port })] }),
            status: "stopped",
            error: null,
            uptime: 0,
            created_at: CREATED,
            active_source: "primary",
            alarms: [],
            scte35: fakeScte35(),
            outputs: (input.outputs ?? []).map((o, i) => makeOutput(o, i + 1)),
          }),
        )
      }),
    update: (ref, { id: _, input, ...change }: ChannelUpdate) =>
      Effect.flatMap(find(ref), (channel) =>
        set(ref, {
          ...(Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)) as Partial<ChannelView>),
          input: { ...channel.input, ...settingsOf(input) },
        }),
      ),
    remove: (ref) => Effect.map(find(ref), (channel) => void channels.delete(channel.id)),
    start: (ref) => set(ref, { status: "running", uptime: 5 }),
    stop: (ref) => set(ref, { status: "stopped", uptime: 0 }),
    switchSource: (ref, source) => set(ref, { active_source: source }),
    events: (ref, { limit }) => Effect.map(find(ref), (channel) => (events.get(channel.id) ?? []).slice(0, limit)),
    cues: (ref, { limit }) => Effect.map(find(ref), (channel) => (cues.get(channel.id) ?? []).slice(0, limit)),
    addOutput: (ref, input) =>
      Effect.map(find(ref), (channel) => {
        const output = makeOutput(input, channel.outputs.length + 1)
        put({ ...channel, outputs: [...channel.outputs, output] })
        return output
      }),
    updateOutput: (ref, output, { id: _, ...change }) =>
      putOutput(ref, output, Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)) as Partial<OutputView>),
    removeOutput: (ref, output) =>
      Effect.map(findOutput(ref, output), ([channel, old]) => void put({ ...channel, outputs: channel.outputs.filter((o) => o !== old) })),
    startOutput: (ref, output) => putOutput(ref, output, { enabled: true, status: "connecting" }),
    stopOutput: (ref, output) => putOutput(ref, output, { enabled: false, status: "stopped" }),
    changes: Stream.fromQueue(changes),
    happened: (ref, ...happened) => void Effect.runSync(Effect.map(find(ref), (channel) => events.set(channel.id, happened))),
    cued: (ref, ...found) => void Effect.runSync(Effect.map(find(ref), (channel) => cues.set(channel.id, found))),
    show: (ref, view) => void Effect.runSync(set(ref, view)),
    change: () => void changes.unsafeOffer(undefined),
    ...over,
  }
}
