/** One line per destination: the destination as it is now, its queue, and the fiber that delivers. */
import { Effect, FiberMap } from "effect"
import { NotFound } from "../model/Errors.ts"
import { type DeliveryQueue, makeDeliveryQueue } from "./DeliveryQueue.ts"
import type { Deliver } from "./deliver.ts"
import type { Destination } from "./destination.ts"
import type { Outgoing } from "./notification-rows.ts"

export interface DeliveryLine {
  destination: Destination
  readonly queue: DeliveryQueue
}

export interface DeliveryLines {
  /** Opens the line of a destination; `waiting` holds its messages from before a restart. */
  readonly open: (destination: Destination, waiting: ReadonlyArray<Outgoing>) => Effect.Effect<void>
  /** Starts the delivery afresh, if the destination is there and enabled; else ends it. */
  readonly restart: (id: string) => Effect.Effect<void>
  /** Ends the delivery and forgets the destination. */
  readonly close: (id: string) => Effect.Effect<void>
  readonly get: (id: string) => Effect.Effect<DeliveryLine, NotFound>
  readonly has: (id: string) => boolean
  readonly all: () => ReadonlyArray<DeliveryLine>
  /** Hands a message to its destination's queue; lost when the destination is gone. */
  readonly offer: (outgoing: Outgoing) => void
}

export interface DeliveryLinesOptions {
  /** Where the fibers of the lines run, by the destination's UUID. */
  readonly fibers: FiberMap.FiberMap<string>
  readonly deliver: Deliver
  /** Called for each message that is delivered or given up. */
  readonly settled: (outgoing: Outgoing) => void
}

export const makeDeliveryLines = ({ deliver, fibers, settled }: DeliveryLinesOptions): DeliveryLines => {
  const lines = new Map<string, DeliveryLine>()
  const restart = (id: string) =>
    Effect.gen(function* () {
      yield* FiberMap.remove(fibers, id)
      const line = lines.get(id)
      if (line?.destination.enabled !== true) return
      const lasting = Effect.catchAllCause(line.queue.run, (cause) =>
        Effect.zipRight(
          Effect.logError("the delivery of notifications failed and is started again", cause),
          Effect.sleep("5 seconds"),
        ),
      )
      yield* FiberMap.run(fibers, id, Effect.forever(lasting))
    })
  return {
    open: (destination, waiting) =>
      Effect.gen(function* () {
        const { id } = destination
        const queue = yield* makeDeliveryQueue({
          destination: () => lines.get(id)?.destination ?? destination,
          deliver,
          settled,
          waiting,
        })
        lines.set(id, { destination, queue })
        yield* restart(id)
      }),
    restart,
    close: (id) =>
      Effect.suspend(() => {
        lines.delete(id)
        return FiberMap.remove(fibers, id)
      }),
    get: (id) =>
      Effect.suspend(() => {
        const line = lines.get(id)
        return line === undefined ? Effect.fail(new NotFound({ kind: "destination", ref: id })) : Effect.succeed(line)
      }),
    has: (id) => lines.has(id),
    all: () => [...lines.values()],
    offer: (outgoing) => lines.get(outgoing.destinationId)?.queue.offer(outgoing),
  }
}
