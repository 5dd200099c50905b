/** Destinations as people change them: shown, created, changed, removed and tested. */
import { randomUUID } from "node:crypto"
import { Clock, Effect } from "effect"
import { accept } from "../config/accept.ts"
import { InvalidInput } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import type { CheckHost } from "./deliver.ts"
import type { DeliveryLine, DeliveryLines } from "./delivery-lines.ts"
import { changedDestination, type Destination, destinationView, newDestination } from "./destination.ts"
import { testMessage } from "./message.ts"
import type { DestinationInput, DestinationUpdate } from "./notification-bodies.ts"
import type { NotificationsService } from "./notifications-service.ts"
import { conflict, type NotificationsState } from "./notifications-state.ts"
import { withoutDestination } from "./rules.ts"

type DestinationActions = Pick<
  NotificationsService,
  | "destinations"
  | "destination"
  | "taggedDestination"
  | "createDestination"
  | "updateDestination"
  | "removeDestination"
  | "test"
>

const MAX_DESTINATIONS = 50

const view = ({ destination, queue }: DeliveryLine) => destinationView(destination, queue.state())
const checkName = (lines: DeliveryLines, { id, name }: Destination) =>
  lines.all().some(({ destination }) => destination.name === name && destination.id !== id)
    ? conflict("name", `there is a destination "${name}" already`)
    : Effect.void
const refuseHost = (checkHost: CheckHost, destination: Destination) =>
  Effect.gen(function* () {
    const [path, host] =
      destination.kind === "email" ? ["host", destination.host] : ["url", new URL(destination.url).hostname]
    const check = yield* checkHost(host)
    if (!check.ok && !check.again) return yield* new InvalidInput({ errors: [{ path, message: check.reason }] })
  })

/** What views of a destination mask. */
const maskedParts = (destination: Destination) =>
  destination.kind === "email"
    ? [destination.password]
    : [destination.url, "secret" in destination ? destination.secret : null]

export const makeDestinationActions = (state: NotificationsState): DestinationActions => {
  const { change, checkHost, deliver, lines, rows, tag, unwritten } = state
  /** For `Effect.fn`, which would hand the arguments of the verb on as a check. */
  const inTurn = <A, E>(effect: Effect.Effect<A, E>) => change(effect)
  const updated = Effect.fn("Notifications.updateDestination")(function* (id: string, update: DestinationUpdate) {
    const line = yield* lines.get(id)
    const destination = yield* accept(changedDestination(line.destination, update))
    yield* checkName(lines, destination)
    yield* refuseHost(checkHost, destination)
    yield* rows.putDestination(destination)
    line.destination = destination
    yield* lines.restart(id)
    return view(line)
  })
  return {
    destinations: Effect.sync(() => lines.all().map(view)),
    destination: (id) => Effect.map(lines.get(id), view),
    taggedDestination: (id) =>
      Effect.map(lines.get(id), (line) => ({
        destination: view(line),
        secrets: tag(JSON.stringify(maskedParts(line.destination))),
      })),
    createDestination: Effect.fn("Notifications.createDestination")(function* (input: DestinationInput) {
      if (lines.all().length >= MAX_DESTINATIONS)
        return yield* conflict("name", `there are ${MAX_DESTINATIONS} destinations, which is as many as there may be`)
      const destination = yield* accept(
        newDestination(input, randomUUID(), new Date(yield* Clock.currentTimeMillis).toISOString()),
      )
      yield* checkName(lines, destination)
      yield* refuseHost(checkHost, destination)
      yield* rows.putDestination(destination)
      yield* lines.open(destination, [])
      return view(yield* Effect.orDie(lines.get(destination.id)))
    }, inTurn),
    updateDestination: (id, update, check) => change(updated(id, update), check),
    removeDestination: Effect.fn("Notifications.removeDestination")(function* (id: string) {
      yield* lines.get(id)
      const left = withoutDestination(state.rules, id)
      yield* rows.deleteDestination(id, left)
      state.rules = left
      yield* lines.close(id)
      unwritten.forget(id)
    }, inTurn),
    test: Effect.fn("Notifications.test")(function* (id: string) {
      const { destination } = yield* lines.get(id)
      const began = yield* monotonicMs
      const message = testMessage(yield* Clock.currentTimeMillis)
      const { answer, ok } = yield* Effect.match(deliver(destination, message), {
        onFailure: ({ reason }) => ({ ok: false, answer: reason }),
        onSuccess: (words) => ({ ok: true, answer: words }),
      })
      return { ok, answer, took_ms: Math.round((yield* monotonicMs) - began) }
    }),
  }
}
