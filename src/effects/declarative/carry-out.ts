/** What a plan does to the channels that run, once it is stored. */
import { Effect } from "effect"
import type { RunningChannelsService } from "../channel/RunningChannels.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Action } from "./plan.ts"

export const makeCarryOut =
  (running: Pick<RunningChannelsService, "adopt" | "get" | "halt" | "runNow">, publish: Effect.Effect<void>) =>
  ({ do: step, id }: Action, config: ChannelConfig | undefined): Effect.Effect<unknown> => {
    if (step === "remove" || config === undefined)
      return Effect.zipRight(running.halt(id, "removed by a new configuration"), publish)
    if (step === "halt") return running.halt(id, "stopped on demand: no output is enabled any more")
    if (step === "adopt" || step === "take_over") return running.adopt(config, "a new configuration")
    return running.get(id) === undefined ? running.runNow(config, "by a new configuration") : Effect.void
  }
