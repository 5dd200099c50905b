/** An operator's switch to the other leg. */
import { Effect } from "effect"
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"
import { Conflict, type EngineUnavailable, InvalidInput } from "../model/Errors.ts"
import type { Channel } from "./started-channel.ts"
import { deadLeg } from "./switch-refusal.ts"

export interface SwitchDeps {
  readonly config: ChannelConfig
  /** The running channel; undefined when it is stopped. */
  readonly channel: Channel | undefined
  readonly engine: Pick<EngineClientService, "send">
  /** The engine's last figures of the channel. */
  readonly figures: Effect.Effect<ChannelStats | undefined>
  /** Asks the engine for the figures of this moment. */
  readonly refreshed: Effect.Effect<unknown, unknown>
}

/** Switches a channel to a leg. Refused with `Conflict` when nothing usable arrives there, unless forced. */
export const switchSource = (
  { channel, config, engine, figures, refreshed }: SwitchDeps,
  source: SourceName,
  force: boolean,
): Effect.Effect<void, InvalidInput | Conflict | EngineUnavailable> =>
  Effect.gen(function* () {
    const refuse = (message: string) => new InvalidInput({ errors: [{ path: "source", message }] })
    if (channel === undefined) return yield* refuse("the channel is stopped")
    if (source === "backup" && config.backup_rtp_ip === null) return yield* refuse("the channel has no backup")
    // Figures may be a second old, so the engine is asked again about a leg that may just have come up.
    const isDead = Effect.map(figures, (stats) => deadLeg(config, channel.host.ingest, stats, source))
    if (!force && (yield* isDead) !== null) {
      yield* Effect.ignore(refreshed)
      const why = yield* isDead
      const message = `${why}: the outputs would stop; send "force": true to switch all the same`
      if (why !== null) return yield* new Conflict({ errors: [{ path: "source", message }] })
    }
    yield* engine
      .send({ cmd: "switch_source", channel_id: config.id, leg: source, manual: true })
      .pipe(Effect.catchTag("EngineRefused", (e) => refuse(e.reason)))
    channel.runtime.source = source
    yield* Effect.annotateLogs(Effect.log(`the operator switches to the ${source}`), "channel", config.slug)
    yield* Effect.ignore(refreshed)
  })
