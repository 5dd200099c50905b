/** What was changed about an account, in a sentence for the audit log; passwords and keys are not in it. */
import { Effect, FiberRef } from "effect"
import { Witness } from "../model/actor.ts"
import type { StoredUser } from "./account-rows.ts"

type Account = Pick<StoredUser, "role" | "tags">

const tagsOf = ({ tags }: Account): string => (tags.length === 0 ? "none" : tags.join(", "))

/** `before` is null for a new account; empty where neither its role nor its tags have changed. */
export const accountWords = (before: Account | null, after: Account): string =>
  before === null
    ? `role ${after.role}, tags ${tagsOf(after)}`
    : [
        ...(before.role === after.role ? [] : [`role from ${before.role} to ${after.role}`]),
        ...(tagsOf(before) === tagsOf(after) ? [] : [`tags from ${tagsOf(before)} to ${tagsOf(after)}`]),
      ].join("; ")

/** Tells the one who keeps the record of this request. */
export const tellChange = (name: string, before: Account | null, after: Account): Effect.Effect<void> =>
  Effect.flatMap(FiberRef.get(Witness), (witness) =>
    Effect.sync(() => {
      const words = accountWords(before, after)
      if (words !== "") witness?.(`${name}: ${words}`)
    }),
  )
