import { Effect } from "effect"
import { InvalidInput } from "../model/Errors.ts"
import type { Checked } from "./checked.ts"

/** The value, or what is wrong with it as a failure. */
export const accept = <A>(checked: Checked<A>): Effect.Effect<A, InvalidInput> =>
  checked.ok ? Effect.succeed(checked.value) : new InvalidInput({ errors: checked.errors })
