/** Whether the nodes that use a database now work together with this version of the software. */
import type * as Client from "@effect/sql/SqlClient"
import { Effect } from "effect"
import manifest from "../../../../package.json" with { type: "json" }
import { NODES_PROTOCOL } from "../../../core/placement/model.ts"
import type { NodeSettings } from "../../config/node-settings.ts"
import { StartRefused } from "../../model/Errors.ts"

/** Says which node is of another version, and what to do. */
export const refuseVersion = (other: { readonly name: string; readonly version: string }): StartRefused =>
  new StartRefused({
    reason: `NODES: node "${other.name}" (version ${other.version}) does not work together with this version (${manifest.version}); end all nodes, install one version on all of them, and start them again`,
  })

/**
 * Fails with `StartRefused` while a node runs whose rows mean something else. To be asked before the schema is changed:
 * what is refused must not have taken the database from those that run.
 */
export const checkOtherNodes = (sql: Client.SqlClient, { name, timing }: Pick<NodeSettings, "name" | "timing">) =>
  Effect.gen(function* () {
    const [table] = yield* sql<{ found: boolean }>`SELECT to_regclass('nodes') IS NOT NULL AS found`
    if (table?.found !== true) return
    const [other] = yield* sql<{ name: string; version: string }>`
      SELECT name, version FROM nodes WHERE name <> ${name} AND protocol <> ${NODES_PROTOCOL} AND standing <> 'left'
        AND beat_ms > extract(epoch FROM clock_timestamp()) * 1000 - ${timing.deadMs} ORDER BY name LIMIT 1`
    if (other !== undefined) return yield* refuseVersion(other)
  })
