/** What requests may ask of the control plane, service by service: each route takes those that it needs. */
import { Effect } from "effect"
import type { InputNeeds } from "../../core/placement/input-needs.ts"
import { Captures, type CapturesService } from "../captures/Captures.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { ChannelsJson, type ChannelsJsonService } from "../declarative/ChannelsJson.ts"
import { type ConfigService, Configuration } from "../declarative/Configuration.ts"
import { Crashes, type CrashesService } from "../engine/Crashes.ts"
import { History, type HistoryService } from "../history/History.ts"
import { MediaLive, type MediaLiveSlot } from "../medialive/MediaLive.ts"
import { Metrics, type MetricsService } from "../metrics/Metrics.ts"
import { ChangeFeed, type ChangeFeedService } from "../model/ChangeFeed.ts"
import type { NotFound } from "../model/Errors.ts"
import { Nodes, type NodesService } from "../nodes/Nodes.ts"
import { Notifications } from "../notifications/Notifications.ts"
import type { NotificationsService } from "../notifications/notifications-service.ts"
import { PartnerLinks, type PartnerLinksService } from "../partners/PartnerLinks.ts"
import { Previews, type PreviewsService } from "../preview/Previews.ts"
import { Schedules, type SchedulesService } from "../schedule/Schedules.ts"
import { System, type SystemService } from "../show/System.ts"
import { Templates, type TemplatesService } from "../templates/Templates.ts"
import { Thumbnails, type ThumbnailsService } from "../thumbnails/Thumbnails.ts"
import { Channels, type ChannelsService } from "./Channels.ts"
import { Cues, type CuesService } from "./Cues.ts"
import { DryRuns, type DryRunsService } from "./DryRuns.ts"
import { Events, type EventsService } from "./Events.ts"
import { HlsFiles, type HlsFilesService } from "./HlsFiles.ts"
import { Outputs, type OutputsService } from "./Outputs.ts"
import { Records, type RecordsService } from "./Records.ts"
import { Support, type SupportService } from "./Support.ts"
import { Undo, type UndoService } from "./Undo.ts"

export interface ControlPlane {
  readonly changeFeed: Pick<ChangeFeedService, "changes">
  readonly channels: ChannelsService
  readonly captures: CapturesService
  readonly channelsJson: Pick<ChannelsJsonService, "text">
  readonly configuration: ConfigService
  readonly crashes: Pick<CrashesService, "list" | "get" | "keptOut" | "release">
  readonly cues: CuesService
  readonly dryRuns: DryRunsService
  readonly events: EventsService
  readonly history: Pick<HistoryService, "recent" | "view">
  readonly hlsFiles: HlsFilesService
  /** What the input of a channel needs to follow it to another node; null on a single machine. */
  readonly inputNeeds: { readonly of: (ref: string) => Effect.Effect<InputNeeds | null, NotFound> }
  readonly medialive: MediaLiveSlot
  readonly metrics: Pick<MetricsService, "view">
  readonly nodes: NodesService
  readonly notifications: NotificationsService
  readonly outputs: OutputsService
  readonly partners: PartnerLinksService
  readonly previews: PreviewsService
  readonly records: RecordsService
  readonly schedules: Pick<SchedulesService, "get" | "set" | "remove">
  readonly support: SupportService
  readonly system: SystemService
  readonly templates: TemplatesService
  readonly thumbnails: ThumbnailsService
  readonly undo: UndoService
}

/** All of it, from the services that `main.ts` names. */
export const controlPlane = Effect.all({
  captures: Captures,
  changeFeed: ChangeFeed,
  channels: Channels,
  channelsJson: ChannelsJson,
  configuration: Configuration,
  crashes: Crashes,
  cues: Cues,
  dryRuns: DryRuns,
  events: Events,
  history: History,
  hlsFiles: HlsFiles,
  inputNeeds: Effect.map(Effect.all([ChannelBook, Nodes]), ([book, nodes]) => ({
    of: (ref: string) => Effect.map(book.find(ref), nodes.inputNeeds),
  })),
  medialive: MediaLive,
  metrics: Metrics,
  nodes: Nodes,
  notifications: Notifications,
  outputs: Outputs,
  partners: PartnerLinks,
  previews: Previews,
  records: Records,
  schedules: Schedules,
  support: Support,
  system: System,
  templates: Templates,
  thumbnails: Thumbnails,
  undo: Undo,
})
/** What `controlPlane` is made of. */
export type ControlPlaneServices = Effect.Effect.Context<typeof controlPlane>
