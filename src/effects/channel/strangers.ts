/**
 * Strangers: channels and outputs that a running engine carries and nobody asks for. They are older than this control
 * plane, or were to be ended at a time when the engine could not be reached.
 */
import { Effect, Stream, SubscriptionRef } from "effect"
import type { Command, EngineStats } from "../../engine/protocol/messages.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"

/** Gives the configuration of a running channel; undefined for all others. */
export type WantedChannel = (channelId: string) => ChannelConfig | undefined

/** Commands that end what nobody asks for. Changed outputs are not among them: their own fibers replace them. */
export const strangers = (stats: EngineStats | null, wanted: WantedChannel): ReadonlyArray<Command> =>
  (stats?.channels ?? []).flatMap(({ id, outputs }): Command[] => {
    const config = wanted(id)
    if (config === undefined) return [{ cmd: "remove_channel", channel_id: id }]
    const enabled = new Set(config.outputs.flatMap((o) => (o.enabled ? [o.id] : [])))
    return outputs
      .filter((o) => !enabled.has(o.id))
      .map((o) => ({ cmd: "close_output", channel_id: id, output_id: o.id }))
  })

const nameOf = (command: Command) =>
  command.cmd === "close_output"
    ? `output ${command.output_id}`
    : command.cmd === "remove_channel"
      ? `channel ${command.channel_id}`
      : ""

/**
 * Ends what nobody asks for, as far as the engine can be reached; never fails. What the configuration asks for is left
 * alone.
 */
export const endStrangers = (engine: EngineClientService, wanted: WantedChannel): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { stats } = yield* SubscriptionRef.get(engine.state)
    const commands = strangers(stats, wanted)
    if (commands.length === 0) return
    yield* Effect.log(
      `the engine carries what nobody asks for any more, which is ended: ${commands.map(nameOf).join(", ")}`,
    )
    yield* Effect.forEach(commands, (command) => Effect.ignore(engine.send(command)), { discard: true })
  })

/**
 * Ends strangers at each connection with the engine: a stop or a removal made while there was none has reached nobody.
 * Never ends.
 *
 * @param exclusively lets no change of the configuration come between the look and its commands
 */
export const endStrangersAtEachConnection = (
  engine: EngineClientService,
  wanted: WantedChannel,
  exclusively: (effect: Effect.Effect<void>) => Effect.Effect<void>,
): Effect.Effect<void> =>
  engine.link.changes.pipe(
    Stream.map(({ generation }) => generation),
    Stream.changes,
    Stream.runForEach(() => exclusively(endStrangers(engine, wanted))),
  )

/** True when one of these channels, which run, runs the output. */
export const runsOutput = (channels: ReadonlyArray<ChannelConfig>, outputId: string): boolean =>
  channels.some(({ outputs }) => outputs.some(({ enabled, id }) => enabled && id === outputId))
