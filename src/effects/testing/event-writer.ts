// Records an event of channel `ch-1` every 10 ms into the store named by the first argument until it is killed; prints
// the number of each and when, in ms since 1970.
import { Effect } from "effect"
import { makeEventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { storeAt } from "./store-at.ts"

const forever = Effect.gen(function* () {
  const log = yield* makeEventLog(yield* Store)
  for (let n = 0; ; n++) {
    const at = Date.now()
    log.add({ channelId: "ch-1", at, kind: "output_failed", severity: "warning", output: `o${n}`, message: `${n}` }, at)
    process.stdout.write(`${n} ${at}\n`)
    yield* Effect.sleep("10 millis")
  }
})
Effect.runPromise(Effect.scoped(Effect.provide(forever, storeAt(process.argv[2] ?? "")))).catch((cause) => {
  process.stderr.write(`${cause}\n`)
  process.exit(1)
})
