/** What a plan does to the channels that run, once it is stored. */
import { Effect } from "effect"
import type { RunningChannelsService } from "../channel/RunningChannels.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { ConfigDeps } from "./Configuration.ts"

/** @param adopt makes a configuration known, and gives it to the channel when that runs: outputs that stay as they are go on */
export const makeCarryOut =
  (
    running: Pick<RunningChannelsService, "get" | "halt" | "runNow">,
    adopt: (config: ChannelConfig, by: string) => Effect.Effect<void>,
    publish: Effect.Effect<void>,
  ): ConfigDeps["carryOut"] =>
  ({ do: step, id }, config) => {
    if (step === "remove" || config === undefined) return Effect.zipRight(running.halt(id, "removed by a new configuration"), publish)
    if (step === "halt") return running.halt(id, "stopped on demand: no output is enabled any more")
    if (step === "adopt" || step === "take_over") return adopt(config, "a new configuration")
    return running.get(id) === undefined ? running.runNow(config, "by a new configuration") : Effect.void
  }
