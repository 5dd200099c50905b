/** What the parts of MediaLive work with. */
import type { Effect } from "effect"
import type { OurChannel } from "../../core/medialive/our-legs.ts"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { EngineState } from "../engine/engine-state.ts"
import type { NewEvent } from "../model/event.ts"
import type { Environment } from "./aws/endpoints.ts"
import type { Fetch } from "./aws/http.ts"
import type { Pacer } from "./aws/pacer.ts"
import type { MediaLiveRows } from "./medialive-rows.ts"
import type { Memory } from "./memory.ts"

export interface MediaLiveDeps {
  readonly memory: Memory
  readonly rows: MediaLiveRows
  readonly pacer: Pacer
  readonly fetch: Fetch
  readonly environment: Environment
  readonly book: Pick<ChannelBookService, "find" | "inOrder" | "runs">
  /** Channels of ours as MediaLive may feed them. */
  readonly ours: () => ReadonlyArray<OurChannel>
  /** Where MediaLive reaches this machine. */
  readonly addresses: () => ReadonlyArray<string>
  readonly engine: Effect.Effect<EngineState>
  /** True when a channel's schedule has a window open at this time, Unix ms. */
  readonly scheduled: (channelId: string, atMs: number) => boolean
  /** Records what happens to a channel of ours. */
  readonly record: (event: Omit<NewEvent, "at">) => Effect.Effect<void>
}
