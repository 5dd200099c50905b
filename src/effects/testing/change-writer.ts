// Carries out the changes of store-changes.ts in the store named by the first argument, from the step of the second
// one, until it is killed; prints the number of steps done after each.
import { Effect } from "effect"
import { Store } from "../store/Store.ts"
import { storeAt } from "./store-at.ts"
import { changeOf } from "./store-changes.ts"

const forever = Effect.gen(function* () {
  const store = yield* Store
  for (let step = Number(process.argv[3]); ; step++) {
    yield* changeOf(store, step)
    process.stdout.write(`${step + 1}\n`)
  }
})
Effect.runPromise(Effect.provide(forever, storeAt(process.argv[2] ?? ""))).catch((cause) => {
  process.stderr.write(`${cause}\n`)
  process.exit(1)
})
