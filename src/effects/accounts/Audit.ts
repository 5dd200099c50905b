/** The audit log as a service: who asked for which change, and what came of it. */
import { Context, Effect, Layer } from "effect"
import { Store } from "../store/Store.ts"
import { type AuditRows, makeAuditRows } from "./audit-rows.ts"

export class Audit extends Context.Tag("distributor/Audit")<Audit, AuditRows>() {
  static readonly Live = Layer.effect(
    Audit,
    Effect.map(Store, ({ access }) => makeAuditRows(access)),
  )
}
