/**
 * Records who asked for which change and what came of it: of channels and outputs from what to what. Neither queries
 * nor bodies are recorded, as they may hold secrets.
 */
import { Cause, Effect, Exit, Runtime } from "effect"
import type { Context, MiddlewareHandler } from "hono"
import type { AuditRows, NewAuditEntry } from "../../effects/accounts/audit-rows.ts"
import { changesOf } from "../request/witness.ts"
import type { Access } from "./auth.ts"
import { addressOf } from "./requester.ts"
import { ruleFor } from "./roles.ts"

/** Longest path recorded, in characters: with slugs and UUIDs none of ours is longer. */
const MAX_PATH = 300

export interface Audit {
  readonly record: (c: Context, actor: string, what: string, status: number) => Promise<void>
  /**
   * Records a request that was refused before it was looked at: one line a minute for each actor at an address and
   * status, and `MAX_REFUSALS` in all, so that nobody fills the log.
   */
  readonly refused: (c: Context, actor: string, what: string, status: 401 | 429) => Promise<void>
  readonly rows: AuditRows
}

const MINUTE_MS = 60_000
/** Most refusals recorded in a minute. */
export const MAX_REFUSALS = 100

/** Makes a filter that is true for a key not seen within the last minute, at most `MAX_REFUSALS` times a minute. */
export const makeOncePerMinute = (now: () => number = Date.now): ((subject: string) => boolean) => {
  const passed = new Map<string, number>()
  return (subject) => {
    const time = now()
    // Oldest first.
    for (const [one, at] of passed) {
      if (time - at < MINUTE_MS) break
      passed.delete(one)
    }
    if (passed.has(subject) || passed.size >= MAX_REFUSALS) return false
    passed.set(subject, time)
    return true
  }
}

const outcomeOf = (status: number): NewAuditEntry["outcome"] =>
  status < 400 ? "done" : status < 500 ? "refused" : "failed"

export const makeAudit = (rows: AuditRows, runtime: Runtime.Runtime<never>, now?: () => number): Audit => {
  const isNews = makeOncePerMinute(now)
  const record: Audit["record"] = async (c, actor, what, status) => {
    const entry: NewAuditEntry = {
      at: new Date().toISOString(),
      actor,
      address: addressOf(c),
      method: c.req.method,
      path: c.req.path.slice(0, MAX_PATH),
      what,
      status,
      outcome: outcomeOf(status),
      detail: changesOf(c),
    }
    const exit = await Runtime.runPromiseExit(runtime)(rows.append(entry))
    if (Exit.isSuccess(exit)) return
    // The change has been made; it must not look as if it had not because its record failed.
    const line = `the audit entry could not be stored: ${JSON.stringify(entry)}`
    await Runtime.runPromise(runtime)(Effect.logError(line, Cause.squash(exit.cause)))
  }
  return {
    rows,
    record,
    refused: async (c, actor, what, status) => {
      if (isNews(JSON.stringify([actor, addressOf(c), status]))) await record(c, actor, what, status)
    },
  }
}

/** Records every request that asks for a change, refused ones included. */
export const audited =
  (audit: Audit, access: Access): MiddlewareHandler =>
  async (c, next) => {
    const { what } = ruleFor(c.req.method, c.req.path)
    const caller = what === null ? null : access.callerOf(c)
    await next()
    if (what !== null && caller !== null) await audit.record(c, caller.name, what, c.res.status)
  }
