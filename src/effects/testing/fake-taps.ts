/** Taps without an engine: the test sends the bytes. */
import { Deferred, Effect } from "effect"
import { TapEnded, type TapsService } from "../taps/Taps.ts"

export interface FakeTaps extends TapsService {
  /** Hands bytes to everybody who has a tap. */
  readonly send: (bytes: Uint8Array) => void
  /** Ends all taps. */
  readonly end: (reason: string) => void
  readonly size: () => number
  /** Why the next one is refused; null accepts. */
  refuse: string | null
}

export const makeFakeTaps = (): FakeTaps => {
  const open = new Map<
    symbol,
    { readonly onData: (bytes: Uint8Array) => void; readonly ended: Deferred.Deferred<never, TapEnded> }
  >()
  const fake: FakeTaps = {
    refuse: null,
    send: (bytes) => {
      for (const { onData } of open.values()) onData(bytes)
    },
    end: (reason) => {
      for (const { ended } of open.values()) Deferred.unsafeDone(ended, new TapEnded({ reason }))
    },
    size: () => open.size,
    open: (_channelId, onData) =>
      Effect.acquireRelease(
        Effect.gen(function* () {
          if (fake.refuse !== null) return yield* new TapEnded({ reason: fake.refuse })
          const name = Symbol()
          const ended = yield* Deferred.make<never, TapEnded>()
          open.set(name, { onData, ended })
          return { name, ended }
        }),
        ({ name }) => Effect.sync(() => open.delete(name)),
      ).pipe(Effect.map(({ ended }) => ended)),
    capture: () => Effect.dieMessage("it captures nothing"),
  }
  return fake
}
