/** The figures that survive (`history/stored-figures.ts`), of the channels that this node owns. */
import { Context, Effect, Layer } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { type FiguresService, makeFigures } from "../history/stored-figures.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { makeFigureRows } from "../store/figure-rows.ts"
import { Store } from "../store/Store.ts"

export class Figures extends Context.Tag("distributor/Figures")<Figures, FiguresService>() {
  static readonly Live = Layer.scoped(
    Figures,
    Effect.gen(function* () {
      const store = yield* Store
      const nodes = yield* Nodes
      return yield* makeFigures({
        engine: yield* EngineClient,
        book: yield* ChannelBook,
        // A standby receives the channel as well; counted twice, its legs would have twice the bytes.
        isOurs: (channelId) => nodes.roleOf(channelId) === "owner",
        rows: makeFigureRows(store.figures),
      })
    }),
  )
}
