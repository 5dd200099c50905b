/** Users, keys and the audit log in memory. */
import { Effect } from "effect"
import { type AccountsOptions, type AccountsService, makeAccounts } from "../accounts/Accounts.ts"
import type { AccountRows } from "../accounts/account-rows.ts"
import type { AuditEntry, AuditRows } from "../accounts/audit-rows.ts"

/** What a guess costs in tests, many of which make users or log in: next to nothing. */
export const CHEAP_PASSWORDS = { N: 16, r: 8, p: 1 }

const noRows: AccountRows = {
  load: Effect.succeed({ users: [], keys: [] }),
  putUser: () => Effect.void,
  deleteUser: () => Effect.void,
  insertKey: () => Effect.void,
  deleteKey: () => Effect.void,
}

export const memoryAccounts = (over: Partial<AccountsOptions> = {}): AccountsService =>
  Effect.runSync(
    makeAccounts(noRows, {
      apiKey: false,
      mayBeOpen: true,
      sessionKey: new Uint8Array(32),
      passwordCost: CHEAP_PASSWORDS,
      ...over,
    }),
  )

export const memoryAudit = (): AuditRows => {
  const entries: AuditEntry[] = []
  return {
    append: (entry) => Effect.sync(() => void entries.unshift({ id: entries.length + 1, ...entry })),
    list: ({ actor = "", before = Number.MAX_SAFE_INTEGER, limit, outcome }) =>
      Effect.sync(() =>
        entries
          .filter(
            (one) => one.id < before && one.actor.includes(actor) && (outcome === undefined || one.outcome === outcome),
          )
          .slice(0, limit),
      ),
  }
}
