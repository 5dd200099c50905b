/** What the HTTP side has of MediaLive; it is loaded only where `MEDIALIVE=on`. */
import type { Effect } from "effect"
import type { Hono } from "hono"
import type { MediaLiveService } from "../../effects/medialive/medialive-service.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { LiveRegion } from "../live/live-pages.ts"
import type { AppServices } from "./services.ts"

export interface MediaLiveWeb {
  readonly service: MediaLiveService
  /** Declares its REST routes and pages. */
  readonly routes: (app: Hono, services: AppServices) => void
  /** MediaLive beside the legs of a channel, for the channel's page. */
  readonly beside: (channel: ChannelView, mayAct: boolean) => Effect.Effect<LiveRegion["items"]>
}
