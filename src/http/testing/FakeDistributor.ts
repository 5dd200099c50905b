/** A control plane without streams: keeps channels in memory and lets tests set what they show. */
import { Effect, Queue, Stream } from "effect"
import { protocolOfUrl } from "../../core/output/output-url.ts"
import { presetOf } from "../../core/output/presets.ts"
import { factsOf } from "../../effects/channel/cues/cue-record.ts"
import { sectionOf } from "../../effects/channel/cues/cue-section.ts"
import { maskedSettings, outputSettingsOf } from "../../effects/config/output-input.ts"
import { type ChannelInput, type ChannelUpdate, type OutputInput, settingsOf } from "../../effects/config/request-bodies.ts"
import { makeStateTag } from "../../effects/config/state-tag.ts"
import { WINDOWS } from "../../effects/history/history-model.ts"
import type { ChannelEventView, ChannelView, OutputView, Protocol } from "../../effects/model/channel.ts"
import type { CueView } from "../../effects/model/cue.ts"
import { Conflict, InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { DistributorService } from "../../effects/supervisor/Distributor.ts"
import { makeTemplates } from "../../effects/templates/Templates.ts"
import { memoryNotifications } from "../../effects/testing/notifications.ts"
import { memoryTemplates } from "../../effects/testing/templates.ts"
import type { RemovalView } from "../../effects/undo/Removals.ts"
import { fakeHealth } from "./fake-health.ts"
import { fakeMetrics } from "./fake-metrics.ts"
import { CREATED, fakeInput, fakeLeg, fakeOutput, fakeScte35, fakeSurroundings, fakeTest } from "./fake-views.ts"

const UNTIL = "2026-01-02T03:14:05.000Z"
const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "unnamed"
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
const protocolOf = (url: string): Protocol => protocolOfUrl(url) ?? "srt"

export interface FakeDistributor extends DistributorService {
  /** Replaces parts of a channel's view. */
  readonly show: (ref: string, over: Partial<ChannelView>) => void
  /** Replaces the events of a channel, newest first. */
  readonly happened: (ref: string, ...events: ReadonlyArray<ChannelEventView>) => void
  /** Replaces the cues of a channel, newest first. */
  readonly cued: (ref: string, ...cues: ReadonlyArray<CueView>) => void
  /** Names of those who have inserted cues so far. */
  readonly inserters: ReadonlyArray<string>
  /** Makes `changes` emit. */
  readonly change: () => void
}

/**
 * Makes the fake.
 * @param over replaces single verbs, e.g. by ones that fail or hang
 */
export const makeFakeDistributor = (over: Partial<DistributorService> = {}): FakeDistributor => {
  const channels = new Map<string, ChannelView>()
  const events = new Map<string, ReadonlyArray<ChannelEventView>>()
  const cues = new Map<string, ReadonlyArray<CueView>>()
  const inserters: string[] = []
  const changes = Effect.runSync(Queue.unbounded<void>())
  const removals = new Map<string, { readonly view: RemovalView; readonly back: () => ChannelView }>()
  let ids = 0

  const keep = (view: RemovalView, back: () => ChannelView) => {
    const token = uuid(++ids)
    removals.set(token, { view, back })
    return token
  }
  const find = (ref: string) =>
    Effect.suspend(() => {
      const found = [...channels.values()].find((c) => c.id === ref || c.slug === ref || String(c.number) === ref)
      return found === undefined ? Effect.fail(new NotFound({ kind: "channel", ref })) : Effect.succeed(found)
    })
  /** Entries of `of` for all channels or for one, newest first. */
  const ofAll = <A extends { readonly id: number }>(
    of: ReadonlyMap<string, ReadonlyArray<A>>,
    {
      before = Number.POSITIVE_INFINITY,
      channel,
      limit,
    }: { readonly before?: number | undefined; readonly channel?: string | undefined; readonly limit: number },
  ) =>
    Effect.map(channel === undefined ? Effect.succeed([...channels.values()]) : Effect.map(find(channel), (one) => [one]), (shown) =>
      shown
        .flatMap(({ id, name, slug }) => (of.get(id) ?? []).map((one) => ({ ...one, channel: { id, name, slug } })))
        .filter(({ id }) => id < before)
        .sort((a, b) => b.id - a.id)
        .slice(0, limit),
    )
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
    const preset = input.preset ?? null
    const url = input.url ?? (preset === null ? null : presetOf(preset).url) ?? "srt://none:1"
    const name = input.name ?? `${protocolOf(url)} ${n}`
    return fakeOutput({
      id: uuid(++ids),
      number: n,
      slug: slugOf(name),
      name,
      protocol: protocolOf(url),
      url: url.replace(/(passphrase=)[^&]*/, "$1***"),
      stream_key: input.stream_key == null ? null : "***",
      settings: maskedSettings(outputSettingsOf(input.settings)),
      preset,
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
    metrics: Effect.sync(() => fakeMetrics()),
    engineUsage: Effect.succeed({ cpu_seconds: 1.5, cpu_percent: 12.5, rss_bytes: 50_000_000, loop_max_ms: 0.8 }),
    freePort: (use) => Effect.sync(() => (use === "udp" ? 5000 : 8890) + channels.size),
    channelsJson: () => Effect.sync(() => `${JSON.stringify(Object.fromEntries([...channels.values()].map((c) => [c.id, c.name])))}\n`),
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
            auto_run: input.auto_run ?? "off",
            input: fakeInput({ ...settingsOf(input.input), legs: [fakeLeg({ ip: rtp_ip, port: input.rtp_port })] }),
            status: "stopped",
            lifecycle: "idle",
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
    clone: (ref, { name, rtp_port }) =>
      Effect.map(find(ref), (channel) => {
        const copy = { ...channel, id: uuid(++ids), number: channels.size + 1, slug: slugOf(name), name }
        return { channel: put({ ...copy, rtp_port: rtp_port ?? channel.rtp_port + 2, outputs: [] }), left_out: [] }
      }),
    templates: makeTemplates(memoryTemplates(), (effect) => effect, makeStateTag(new Uint8Array(32))).service,
    secretsTag: () => "",
    config: {
      export: () => Effect.succeed({ version: 1, channels: [] }),
      tagged: () => Effect.succeed({ document: { version: 1, channels: [] }, tag: "0".repeat(22) }),
      apply: (_, { dryRun }) =>
        Effect.succeed({ dry_run: dryRun, version: null, changed: false, summary: "nothing changes", channels: [] }),
      versions: Effect.succeed([]),
      version: () => Effect.succeed(null),
      rollback: (version) =>
        new InvalidInput({ errors: [{ path: "version", message: `is ${version}, which is no version that is kept` }] }),
    },
    update: (ref, { id: _, input, ...change }: ChannelUpdate) =>
      Effect.flatMap(find(ref), (channel) =>
        set(ref, {
          ...(Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)) as Partial<ChannelView>),
          input: { ...channel.input, ...settingsOf(input) },
        }),
      ),
    remove: (ref) =>
      Effect.map(find(ref), (channel) => {
        channels.delete(channel.id)
        return keep({ kind: "channel", name: channel.name, channel: { name: channel.name, slug: channel.slug }, until: UNTIL }, () =>
          put(channel),
        )
      }),
    checkChannel: (input, ref) =>
      [...channels.values()].some((c) => c.rtp_port === input.rtp_port && c.slug !== ref)
        ? new Conflict({ errors: [{ path: "rtp_port", message: `port ${input.rtp_port} is used by another channel` }] })
        : Effect.void,
    start: (ref) => set(ref, { status: "running", uptime: 5 }),
    stop: (ref) => set(ref, { status: "stopped", uptime: 0 }),
    switchSource: (ref, source) => set(ref, { active_source: source }),
    events: (ref, { limit }) => Effect.map(find(ref), (channel) => (events.get(channel.id) ?? []).slice(0, limit)),
    cues: (ref, { limit }) => Effect.map(find(ref), (channel) => (cues.get(channel.id) ?? []).slice(0, limit)),
    allEvents: (query) => ofAll(events, query),
    allCues: (query) => ofAll(cues, query),
    surroundings: Effect.succeed(fakeSurroundings),
    // The stream's clock stands at 10 s.
    insertCue: (ref, input, by) =>
      Effect.gen(function* () {
        yield* find(ref)
        const { section, warnings } = yield* sectionOf(input, { clock90k: 900_000, eventId: 4242, minPrerollS: 4 })
        inserters.push(by)
        const { base64, command, description, event_id, pts } = factsOf(section)
        return { cue: { pid: input.pid ?? 500, command, event_id, pts, description, base64, hex: section.hex, section }, warnings }
      }),
    addOutput: (ref, input) =>
      Effect.map(find(ref), (channel) => {
        const output = makeOutput(input, channel.outputs.length + 1)
        put({ ...channel, outputs: [...channel.outputs, output] })
        return output
      }),
    updateOutput: (ref, output, { id: _, ...change }) =>
      putOutput(ref, output, Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)) as Partial<OutputView>),
    addOutputs: (ref, inputs) =>
      Effect.map(find(ref), (channel) => {
        const added = inputs.map((input, i) => makeOutput(input, channel.outputs.length + 1 + i))
        put({ ...channel, outputs: [...channel.outputs, ...added] })
        return added
      }),
    duplicateOutput: (ref, output) =>
      Effect.map(findOutput(ref, output), ([channel, old]) => {
        const copy = { ...old, id: uuid(++ids), name: `${old.name} copy`, slug: `${old.slug}-copy`, enabled: false }
        put({ ...channel, outputs: [...channel.outputs, copy] })
        return copy
      }),
    previewOutput: (ref, input) =>
      Effect.map(find(ref), () => {
        const output = makeOutput(input, 0)
        return { understood: `${output.protocol} output`, output }
      }),
    removeOutput: (ref, output) =>
      Effect.map(findOutput(ref, output), ([channel, old]) => {
        put({ ...channel, outputs: channel.outputs.filter((o) => o !== old) })
        const { name, slug } = channel
        return keep({ kind: "output", name: old.name, channel: { name, slug }, until: UNTIL }, () => put(channel))
      }),
    removed: (token) => Effect.sync(() => removals.get(token)?.view ?? null),
    undo: (token) =>
      Effect.suspend(() => {
        const found = removals.get(token)
        removals.delete(token)
        return found === undefined
          ? new Conflict({ errors: [{ path: "undo", message: "it is too late" }] })
          : Effect.succeed({ channel: found.back(), output: null })
      }),
    startOutput: (ref, output) => putOutput(ref, output, { enabled: true, status: "connecting" }),
    stopOutput: (ref, output) => putOutput(ref, output, { enabled: false, status: "stopped" }),
    testOutput: () => Effect.succeed(fakeTest),
    testExisting: (ref, output) => Effect.as(findOutput(ref, output), fakeTest),
    history: (ref, window) => Effect.map(find(ref), () => ({ window, step_s: WINDOWS[window].step_s, times: [], series: [], marks: [] })),
    recent: Effect.succeed(new Map()),
    thumbnail: (ref) => Effect.map(find(ref), () => ({ ok: false, reason: "the channel does not run" })),
    preview: (ref) => Effect.flatMap(find(ref), () => Effect.never),
    hlsDirectory: (_, ref) => new NotFound({ kind: "output", ref: ref ?? "of HLS" }),
    notifications: memoryNotifications(),
    changes: Stream.fromQueue(changes),
    inserters,
    happened: (ref, ...happened) => void Effect.runSync(Effect.map(find(ref), (channel) => events.set(channel.id, happened))),
    cued: (ref, ...found) => void Effect.runSync(Effect.map(find(ref), (channel) => cues.set(channel.id, found))),
    show: (ref, view) => void Effect.runSync(set(ref, view)),
    change: () => void changes.unsafeOffer(undefined),
    ...over,
  }
}
