// Inserts channels into the store named by the first argument until it is killed; prints the number of each when it
// is stored.
import { Effect } from "effect"
import { Store } from "../store/Store.ts"
import { channelConfig, outputConfig } from "./configs.ts"
import { storeAt } from "./store-at.ts"

const forever = Effect.gen(function* () {
  const store = yield* Store
  for (let n = 1; ; n++) {
    const outputs = [1, 2, 3].map((k) => outputConfig({ id: `o-${n}-${k}`, slug: `o-${k}` }))
    const stored = yield* store.insertChannel(channelConfig({ id: `c-${n}`, slug: `c-${n}`, rtp_port: n, outputs }))
    process.stdout.write(`${stored.number}\n`)
  }
})
Effect.runPromise(Effect.provide(forever, storeAt(process.argv[2] ?? ""))).catch((cause) => {
  process.stderr.write(`${cause}\n`)
  process.exit(1)
})
