/** A node asks this one, as the partner of its channels, for leases while PostgreSQL does not answer it. */
import { Effect, Schema } from "effect"
import type { Hono } from "hono"
import { LEASES_PATH } from "../../effects/nodes/peer-leases.ts"
import { isPeer } from "../access/peer.ts"
import { readJson } from "../request/body.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { notAPeer } from "./internal-channels.ts"

const Question = Schema.Struct({
  from: Schema.String,
  channels: Schema.Array(Schema.Tuple(Schema.String, Schema.Number)),
})

export const internalLeaseRoutes = (app: Hono, { nodes, runner }: Pick<AppServices, "nodes" | "runner">): void => {
  methods(app, LEASES_PATH, {
    POST: (c) =>
      isPeer(c, nodes)
        ? runner.run(c, Effect.flatMap(readJson(c, Question, MANY_THINGS), nodes.grant), (granted) =>
            c.json({ granted }),
          )
        : notAPeer(c),
  })
}
