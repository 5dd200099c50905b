/** Secrets are shown only to an admin who sends the key itself: a session may be somebody else's open browser. */
import type { Context } from "hono"
import { mayAct } from "../../effects/accounts/account-bodies.ts"
import { makeProblem, Refused } from "../request/problem.ts"
import type { Access } from "./auth.ts"

export const maySeeSecrets = (c: Context, access: Access): boolean => {
  const caller = access.callerOf(c)
  return caller !== null && caller.by !== "session" && mayAct(caller.role, "admin")
}

export const keyNeeded = new Refused({
  problem: makeProblem(
    "forbidden",
    "secrets are shown to who sends an API key with the role admin itself, as X-API-Key or as Authorization: Bearer",
    { errors: [{ path: "secrets", message: "needs the API key of an admin in a header; a session is not enough" }] },
  ),
})
