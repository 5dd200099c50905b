/** On several machines: what runs on this node is made what the roles of the channels have it be. */
import { Effect, Schedule, type Scope, SubscriptionRef } from "effect"
import type { ChannelBookService } from "../config/ChannelBook.ts"
import type { NodesService } from "../nodes/Nodes.ts"
import { reconfigure } from "./Channel.ts"
import { roleHere, runAs } from "./channel-roles.ts"
import type { LocalChannels } from "./local-channels.ts"

/** How often, and for how long, a channel that came here is looked at until it is noted that an output is connected. */
const CONNECTED_LOOK = "20 millis"
const CONNECTED_WITHIN = "10 seconds"

/** A channel that came here: how long nobody sent it is known once an output is connected. */
const noteConnected = ({ roles, running }: LocalChannels, nodes: NodesService, id: string) =>
  Effect.gen(function* () {
    const channel = running.get(id)
    if (channel === undefined || roles.get(id) !== "owner") return true
    const outputs = [...channel.runtime.outputs.values()]
    if (outputs.length > 0 && !outputs.some(({ status }) => status === "connected")) return false
    return yield* nodes.connected(id)
  }).pipe(
    Effect.repeat({ until: (isNoted) => isNoted, schedule: Schedule.spaced(CONNECTED_LOOK) }),
    Effect.timeoutOption(CONNECTED_WITHIN),
  )

/** What is relayed goes on to where the other node of a channel is now. */
const followRelays = ({ running }: LocalChannels, nodes: NodesService) =>
  Effect.suspend(() =>
    Effect.forEach(
      running.values(),
      ({ id, relay }) => {
        const hosts = nodes.relayOf(id)
        return SubscriptionRef.update(relay, (now) =>
          now?.local === hosts?.local && now?.peer === hosts?.peer ? now : hosts,
        )
      },
      { discard: true },
    ),
  )

/**
 * See `RunningChannelsService.assumeRoles`.
 *
 * @param scope ends what goes on when the effect has returned
 */
export const makeAssumeRoles = (
  local: LocalChannels,
  book: ChannelBookService,
  nodes: NodesService,
  scope: Scope.Scope,
): Effect.Effect<void> => {
  const { inTurn, roles, running, start, stop } = local
  const assumeRole = (id: string) =>
    Effect.gen(function* () {
      const config = book.configs.get(id)
      if (config === undefined) return
      const role = roleHere(nodes, config)
      const before = roles.get(id)
      if (before === role || (before === undefined && (role === "none" || !config.should_run))) return
      const channel = running.get(id)
      if (role === "none") yield* stop(id, "runs on another node")
      else if (channel === undefined) yield* start(config, "on this node")
      else {
        roles.set(id, role)
        yield* channel.record({ kind: "started", severity: "info", message: "goes on from this node" })
        yield* reconfigure(channel, runAs(role, config))
      }
      if (role === "owner") yield* Effect.forkIn(noteConnected(local, nodes, id), scope)
      yield* nodes.armed(id, role === "standby")
    }).pipe(inTurn(id))
  const changedRoles = () => book.all().filter((config) => roleHere(nodes, config) !== (roles.get(config.id) ?? "none"))
  return Effect.suspend(() =>
    Effect.forEach(changedRoles(), ({ id }) => Effect.forkIn(assumeRole(id), scope), { discard: true }),
  ).pipe(Effect.zipRight(followRelays(local, nodes)))
}
