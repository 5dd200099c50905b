/**
 * What the HTTP side may ask of the control plane. `Supervisor.ts` provides the real one; tests provide fakes.
 */
import { Context, type Effect, type Stream } from "effect"
import type { ChannelUpdate, CueInput, OutputInput, OutputUpdate } from "../config/request-bodies.ts"
import type { ConfigService } from "../declarative/Configuration.ts"
import type { LeftOut } from "../declarative/clone.ts"
import type { CloneInput } from "../declarative/document.ts"
import type { EngineUsage } from "../engine/engine-usage.ts"
import type { HistoryView, HistoryWindow, RecentView } from "../history/history-model.ts"
import type { MetricsView } from "../metrics/metrics-model.ts"
import type {
  ChannelEventOfView,
  ChannelEventView,
  ChannelView,
  EventQuery,
  OutputTestView,
  OutputView,
  SourceName,
} from "../model/channel.ts"
import type { ChannelCueView, CueAnswer, CueQuery, CueView } from "../model/cue.ts"
import type { Conflict, EngineUnavailable, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import type { NotificationsService } from "../notifications/Notifications.ts"
import type { PreviewEnded, PreviewViewer } from "../preview/Previews.ts"
import type { Health } from "../show/health-of.ts"
import type { Surroundings } from "../show/surroundings.ts"
import type { OutputPreview } from "../show/views-of.ts"
import type { TemplatesService } from "../templates/Templates.ts"
import type { ChannelRequest, OutputRequest } from "../templates/template-model.ts"
import type { ThumbnailAnswer } from "../thumbnails/thumbnail-model.ts"
import type { RemovalView } from "../undo/Removals.ts"

type Refused = InvalidInput | Conflict | StoreError

/** `ref` is a channel's UUID, slug or number; `output` an output's UUID or slug. */
export interface DistributorService {
  readonly health: Effect.Effect<Health>
  /** Null while the engine is away. */
  readonly engineUsage: Effect.Effect<EngineUsage | null>
  /** A port that nobody has, of those for inputs (`udp`) or SRT listener outputs (`srt`); another request may take it all the same. */
  readonly freePort: (use: "udp" | "srt") => Effect.Effect<number, Conflict>
  /** The channels as seed A's `channels.json` has them; without `secrets` they are masked, and the file cannot be imported. */
  readonly channelsJson: (secrets: boolean) => Effect.Effect<string>
  readonly list: Effect.Effect<ReadonlyArray<ChannelView>>
  readonly get: (ref: string) => Effect.Effect<ChannelView, NotFound>
  readonly create: (input: ChannelRequest) => Effect.Effect<ChannelView, Refused>
  /** A second, stopped channel with disabled copies of the outputs; those that cannot be there twice are left out. */
  readonly clone: (
    ref: string,
    input: CloneInput,
  ) => Effect.Effect<{ readonly channel: ChannelView; readonly left_out: ReadonlyArray<LeftOut> }, NotFound | Refused>
  readonly templates: TemplatesService
  /** Changes with where an output goes, its secrets included, and tells nothing of them; empty when there is no such output. */
  readonly secretsTag: (outputId: string) => string
  /** The configuration as one document. */
  readonly config: ConfigService
  readonly update: (ref: string, input: ChannelUpdate) => Effect.Effect<ChannelView, NotFound | Refused>
  /** Stops the channel first when it runs. Returns the token by which `undo` brings it back. */
  readonly remove: (ref: string) => Effect.Effect<string, NotFound | StoreError>
  /** Checks a new channel, or with `ref` what that one would become, against everything there is; stores nothing. */
  readonly checkChannel: (input: ChannelRequest, ref?: string) => Effect.Effect<void, NotFound | InvalidInput | Conflict>
  readonly start: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError | EngineUnavailable>
  readonly stop: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError>
  /** Refused with `Conflict` when nothing usable arrives on that source, unless forced. */
  readonly switchSource: (
    ref: string,
    source: SourceName,
    force?: boolean,
  ) => Effect.Effect<ChannelView, NotFound | InvalidInput | Conflict | EngineUnavailable>
  /** What happened to a channel, newest first. */
  readonly events: (ref: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, NotFound | StoreError>
  /** The SCTE-35 cues of a channel, newest first. */
  readonly cues: (ref: string, query: CueQuery) => Effect.Effect<ReadonlyArray<CueView>, NotFound | StoreError>
  /** The events and cues of all channels, or of the one that `channel` names, newest first. */
  readonly allEvents: (
    query: EventQuery & { readonly channel?: string | undefined },
  ) => Effect.Effect<ReadonlyArray<ChannelEventOfView>, NotFound | StoreError>
  readonly allCues: (
    query: CueQuery & { readonly channel?: string | undefined },
  ) => Effect.Effect<ReadonlyArray<ChannelCueView>, NotFound | StoreError>
  /** What the service stands on: store, disks, programs. */
  readonly surroundings: Effect.Effect<Surroundings>
  /**
   * Puts a cue into the stream; answers when the engine has taken it. Refused with `Conflict` unless `input.manual_cues` is set and the
   * stream runs.
   * @param by who asks, for the record
   */
  readonly insertCue: (
    ref: string,
    input: CueInput,
    by: string,
  ) => Effect.Effect<CueAnswer, NotFound | InvalidInput | Conflict | EngineUnavailable>
  readonly addOutput: (ref: string, input: OutputRequest) => Effect.Effect<OutputView, NotFound | Refused>
  readonly updateOutput: (ref: string, output: string, input: OutputUpdate) => Effect.Effect<OutputView, NotFound | Refused>
  /** Many at once: all of them or none. Errors have paths like `outputs[3].url`. */
  readonly addOutputs: (ref: string, inputs: ReadonlyArray<OutputInput>) => Effect.Effect<ReadonlyArray<OutputView>, NotFound | Refused>
  /** The same with the secrets, disabled and under another name. */
  readonly duplicateOutput: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | Refused>
  /** What a new output, or with `output` a changed one, would be; stores nothing. */
  readonly previewOutput: (ref: string, input: OutputRequest, output?: string) => Effect.Effect<OutputPreview, NotFound | Refused>
  /** Returns the token by which `undo` brings it back. */
  readonly removeOutput: (ref: string, output: string) => Effect.Effect<string, NotFound | StoreError>
  /** What `token` would bring back; null when it is no more. */
  readonly removed: (token: string) => Effect.Effect<RemovalView | null>
  /**
   * Brings back what was removed within the last 10 minutes, with its id, slug, number, settings and secrets, and runs it if it ran. Events
   * and cues of a channel do not come back. Refused with `Conflict` when it is too late or its name, port or directory is taken.
   */
  readonly undo: (
    token: string,
  ) => Effect.Effect<{ readonly channel: ChannelView; readonly output: OutputView | null }, Conflict | StoreError>
  readonly startOutput: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  readonly stopOutput: (ref: string, output: string) => Effect.Effect<OutputView, NotFound | StoreError>
  /** Connects to a destination as an output would, and leaves without sending anything of a channel; answers within 25 s. A template is filled in for the channel `ref`. */
  readonly testOutput: (
    input: OutputRequest,
    ref?: string,
  ) => Effect.Effect<OutputTestView, NotFound | InvalidInput | StoreError | EngineUnavailable>
  /** The same for an output that there is, as it is or as `change` would make it. */
  readonly testExisting: (
    ref: string,
    output: string,
    change?: OutputUpdate,
  ) => Effect.Effect<OutputTestView, NotFound | InvalidInput | EngineUnavailable>
  /** Absolute path of the directory that an enabled HLS output writes to; without `output` the first one of the channel. */
  readonly hlsDirectory: (ref: string, output: string | null) => Effect.Effect<string, NotFound>
  /** Figures of a channel and its outputs over time; kept in memory, so a restart of the service begins anew. */
  readonly history: (ref: string, window: HistoryWindow) => Effect.Effect<HistoryView, NotFound>
  /** Of each channel, by its `id`. */
  readonly recent: Effect.Effect<ReadonlyMap<string, RecentView>>
  /** Who is told when something is wrong. */
  readonly notifications: NotificationsService
  /** What `/metrics` shows. */
  readonly metrics: Effect.Effect<MetricsView>
  /** The latest picture of what a channel sends out. */
  readonly thumbnail: (ref: string) => Effect.Effect<ThumbnailAnswer, NotFound>
  /** Shows what a channel sends out until interrupted; fails with the reason when it is over. */
  readonly preview: (ref: string, viewer: PreviewViewer) => Effect.Effect<never, NotFound | PreviewEnded>
  /** Emits when something a viewer would see has changed; at most a few times a second. */
  readonly changes: Stream.Stream<void>
}

export class Distributor extends Context.Tag("distributor/Distributor")<Distributor, DistributorService>() {}
