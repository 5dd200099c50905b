/**
 * A control plane without streams: keeps channels in memory and lets tests set what they show. Put together of one fake
 * a service.
 */
import { Effect, PubSub, Stream } from "effect"
import { makeStateTag } from "../../effects/config/state-tag.ts"
import type { ConfigService } from "../../effects/declarative/Configuration.ts"
import { WINDOWS } from "../../effects/history/history-model.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { CueView } from "../../effects/model/cue.ts"
import { InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { ChannelEventView } from "../../effects/model/event.ts"
import { SINGLE_MACHINE } from "../../effects/nodes/single-machine.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { makeTemplates } from "../../effects/templates/Templates.ts"
import { memoryNotifications } from "../../effects/testing/notifications.ts"
import { memoryTemplates } from "../../effects/testing/templates.ts"
import { fakeChannels } from "./fake-channels.ts"
import { fakeHealth } from "./fake-health.ts"
import { fakeMetrics } from "./fake-metrics.ts"
import { fakeDryRuns, fakeOutputs } from "./fake-outputs.ts"
import { fakePartners } from "./fake-partners.ts"
import { fakeCues, fakeEvents, fakeUndo } from "./fake-records.ts"
import { fakeSchedules } from "./fake-schedules.ts"
import { fakeRecords } from "./fake-store-records.ts"
import { fakeSurroundings } from "./fake-views.ts"
import { makeFakeWorld } from "./fake-world.ts"

/** Single verbs of services that a test replaces, to fail or to hang. */
export type FakeOver = { readonly [Name in keyof ControlPlane]?: Partial<ControlPlane[Name]> }

export interface FakeControlPlane extends ControlPlane {
  /** Replaces what a channel shows. */
  readonly show: (ref: string, over: Partial<ChannelView>) => void
  /** Replaces the events of a channel, newest first. */
  readonly happened: (ref: string, ...events: ReadonlyArray<ChannelEventView>) => void
  /** Replaces the cues of a channel, newest first. */
  readonly cued: (ref: string, ...cues: ReadonlyArray<CueView>) => void
  /** Who inserted cues so far. */
  readonly inserters: ReadonlyArray<string>
  /** Makes the feed of changes emit. */
  readonly change: () => void
}

const fakeConfiguration: ConfigService = {
  export: () => Effect.succeed({ version: 1, channels: [] }),
  tagged: () => Effect.succeed({ document: { version: 1, channels: [] }, tag: "0".repeat(22) }),
  apply: (_, { dryRun }) =>
    Effect.succeed({ dry_run: dryRun, version: null, changed: false, summary: "nothing changes", channels: [] }),
  changes: () => Effect.succeed([]),
  revert: (id) => new NotFound({ kind: "change", ref: String(id) }),
  versions: Effect.succeed([]),
  version: () => Effect.succeed(null),
  rollback: (version) =>
    new InvalidInput({ errors: [{ path: "version", message: `is ${version}, which is no version that is kept` }] }),
}

const fakeSystem: ControlPlane["system"] = {
  health: Effect.succeed(fakeHealth),
  engineUsages: Effect.succeed([
    { number: 1, usage: { cpu_seconds: 1.5, cpu_percent: 12.5, rss_bytes: 50_000_000, loop_max_ms: 0.8 } },
  ]),
  surroundings: Effect.succeed(fakeSurroundings),
  replaceEngine: (number) => new NotFound({ kind: "engine", ref: String(number) }),
}

export const makeFakeControlPlane = (over: FakeOver = {}): FakeControlPlane => {
  const world = makeFakeWorld()
  const { channels, cues, events, find, set } = world
  const inserters: string[] = []
  const changes = Effect.runSync(PubSub.unbounded<void>())
  const channelsJson = () =>
    `${JSON.stringify(Object.fromEntries([...channels.values()].map((c) => [c.id, c.name])))}\n`

  return {
    captures: {
      take: (ref) =>
        Effect.as(find(ref), { file: new Uint8Array(24), datagrams: 0, left_out: 0, ended_by: "time", name: "fake" }),
      ...over.captures,
    },
    changeFeed: { changes: Stream.fromPubSub(changes), ...over.changeFeed },
    channels: { ...fakeChannels(world), ...over.channels },
    channelsJson: { text: () => Effect.sync(channelsJson), ...over.channelsJson },
    configuration: { ...fakeConfiguration, ...over.configuration },
    crashes: {
      list: Effect.succeed([]),
      get: () => Effect.succeed(null),
      keptOut: Effect.succeed([]),
      release: () => Effect.succeed(false),
      ...over.crashes,
    },
    cues: { ...fakeCues(world, (by) => inserters.push(by)), ...over.cues },
    dryRuns: { ...fakeDryRuns(world), ...over.dryRuns },
    events: { ...fakeEvents(world), ...over.events },
    history: {
      view: (ref, window) =>
        Effect.map(find(ref), () => ({ window, step_s: WINDOWS[window].step_s, times: [], series: [], marks: [] })),
      recent: Effect.succeed(new Map()),
      ...over.history,
    },
    hlsFiles: { directory: (_, ref) => new NotFound({ kind: "output", ref: ref ?? "of HLS" }), ...over.hlsFiles },
    inputNeeds: { of: (ref) => Effect.as(find(ref), null), ...over.inputNeeds },
    medialive: { service: null, ...over.medialive },
    metrics: { view: Effect.sync(() => fakeMetrics()), ...over.metrics },
    nodes: { ...SINGLE_MACHINE, ...over.nodes },
    notifications: { ...memoryNotifications(), ...over.notifications },
    outputs: { ...fakeOutputs(world), ...over.outputs },
    partners: { ...fakePartners(world), ...over.partners },
    previews: { watch: (ref) => Effect.flatMap(find(ref), () => Effect.never), ...over.previews },
    records: { ...fakeRecords(world), ...over.records },
    schedules: { ...fakeSchedules(world), ...over.schedules },
    support: { files: Effect.succeed([]), ...over.support },
    system: { ...fakeSystem, ...over.system },
    templates: {
      ...makeTemplates(memoryTemplates(), world.change, makeStateTag(new Uint8Array(32))),
      ...over.templates,
    },
    thumbnails: {
      get: (ref) => Effect.map(find(ref), () => ({ ok: false, reason: "the channel does not run" })),
      ...over.thumbnails,
    },
    undo: { ...fakeUndo(world), ...over.undo },
    inserters,
    happened: (ref, ...happened) =>
      void Effect.runSync(Effect.map(find(ref), (channel) => events.set(channel.id, happened))),
    cued: (ref, ...found) => void Effect.runSync(Effect.map(find(ref), (channel) => cues.set(channel.id, found))),
    show: (ref, view) => void Effect.runSync(set(ref, view)),
    change: () => void Effect.runSync(PubSub.publish(changes, undefined)),
  }
}
