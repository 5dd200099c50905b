/** What a request has changed, kept with it for the audit log. */
import type { Context } from "hono"

declare module "hono" {
  interface ContextVariableMap {
    changed?: ReadonlyArray<string>
  }
}

/** Most text kept of a request, in characters. */
const MAX_TEXT = 2000

/** Takes sentences down with the request. */
export const witnessOf =
  (c: Context) =>
  (text: string): void =>
    c.set("changed", [...(c.get("changed") ?? []), text])

/** The sentences that were taken down. */
export const changesOf = (c: Context): string => (c.get("changed") ?? []).join("; ").slice(0, MAX_TEXT)
