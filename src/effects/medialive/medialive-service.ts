/** What the API and the pages ask of MediaLive. */
import type { Effect } from "effect"
import type { AwsFailed, Conflict, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import type {
  AutoInput,
  AutoView,
  ChannelMediaLiveView,
  ConnectionInput,
  ConnectionTest,
  ConnectionView,
  CostsView,
  MediaLiveChannelView,
  MediaLiveDetailView,
  MediaLiveListView,
} from "./medialive-bodies.ts"
import type { MediaLiveFigures } from "./medialive-figures.ts"
import type { MediaLiveNotice } from "./medialive-notice.ts"

type Verb = (id: string) => Effect.Effect<MediaLiveChannelView, NotFound | Conflict | AwsFailed | StoreError>

/** Nothing but `test`, `start` and `stop` ever waits for AWS: the rest is what it said last. */
export interface MediaLiveService {
  readonly connection: Effect.Effect<ConnectionView>
  readonly setConnection: (input: ConnectionInput) => Effect.Effect<ConnectionView, InvalidInput | StoreError>
  readonly removeConnection: Effect.Effect<void, StoreError>
  /** Tries each permission that can be tried without changing anything; within 60 s. */
  readonly test: Effect.Effect<ConnectionTest>
  readonly list: Effect.Effect<MediaLiveListView>
  /** Whoever looks at a channel has it described again before long. */
  readonly channel: (id: string) => Effect.Effect<MediaLiveDetailView, NotFound>
  /** Starts a channel that is idle, in the name of the current `Actor`. */
  readonly start: Verb
  readonly stop: Verb
  readonly setAuto: (id: string, input: AutoInput) => Effect.Effect<AutoView, NotFound | StoreError>
  /** MediaLive beside the legs of a channel of ours; `ref` is its UUID, slug or number. */
  readonly ofChannel: (ref: string) => Effect.Effect<ChannelMediaLiveView, NotFound>
  readonly costs: (month: string) => Effect.Effect<CostsView, InvalidInput | StoreError>
  readonly figures: Effect.Effect<MediaLiveFigures>
  /** What is wrong now and people may have to be told. */
  readonly notices: Effect.Effect<ReadonlyArray<MediaLiveNotice>>
}
