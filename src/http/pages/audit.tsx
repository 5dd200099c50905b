/** @jsxImportSource hono/jsx */
/** The audit log, for admins. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { AuditPage } from "../../../views/events/AuditPage.tsx"
import { AUDIT_OUTCOMES } from "../../effects/accounts/audit-rows.ts"
import { readAuditQuery } from "../request/audit-query.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { filterErrors } from "./filter-error.ts"
import { frameOf } from "./frame.ts"
import { errorsByField, exportOf, olderOf, pageQuery, withRows } from "./page-query.ts"

export const auditPageRoutes = (
  app: Hono,
  { access, audit, runner, stationZone }: Pick<AppServices, "access" | "audit" | "runner" | "stationZone">,
): void =>
  methods(app, "/audit", {
    GET: async (c) => {
      const asked = pageQuery(new URL(c.req.url), stationZone)
      const query = withRows(asked)
      const read = Effect.flatMap(readAuditQuery(query), (query) =>
        Effect.map(audit.rows.list(query), (entries) => ({ entries, limit: query.limit })),
      )
      const found = await runner.settle(c, read)
      const errors = Either.isLeft(found) ? filterErrors(found.left) : []
      if (Either.isLeft(found) && errors === null) return problemResponse(found.left, c.req.path)
      const { entries, limit } = Either.getOrElse(found, () => ({ entries: [], limit: 1 }))
      const last = entries.length < limit ? undefined : entries.at(-1)
      const html = (
        <AuditPage
          frame={frameOf(c, { access })}
          outcomes={AUDIT_OUTCOMES}
          entries={entries}
          asked={asked}
          errors={errorsByField(errors ?? [])}
          json={exportOf("/api/audit", query)}
          older={last === undefined ? undefined : olderOf("/audit", asked, last.id)}
        />
      )
      return c.html(html, Either.isLeft(found) ? 400 : 200)
    },
  })
