/** REST routes of nodes and placements. Any node answers them: what is asked for is stored, and carried out where it belongs. */
import { Effect, Stream } from "effect"
import type { Hono } from "hono"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { readJson } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader } from "../request/read-query.ts"
import { nodeShown, nodesShown, placementOf } from "../services/placement-shown.ts"
import type { AppServices } from "../services/services.ts"
import { MoveInput, NodeChange, PlacementInput } from "./node-bodies.ts"

type Services = Pick<AppServices, "channels" | "inputNeeds" | "nodes" | "runner">

const FLAGS = { true: true, "1": true, false: false, "0": false } as const

/** Whether the caller wants to be told of each channel as it leaves. */
const readFollow = (url: string): Effect.Effect<boolean, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(new URL(url).searchParams, ["follow"])
    const follow = read(
      "follow",
      (text) => Object.entries(FLAGS).find(([name]) => name === text)?.[1] ?? null,
      "1 or 0",
    )
    return errors.length > 0 ? new InvalidInput({ errors }) : Effect.succeed(follow ?? false)
  })

const nodesRoutes = (app: Hono, { channels, nodes, runner }: Services): void => {
  const shown = (name: string) => Effect.flatMap(channels.list, (all) => nodeShown(nodes, name, all))

  methods(app, "/api/nodes", {
    GET: (c) =>
      runner.run(c, channels.list, (all) =>
        c.json({ self: nodes.self, database_problem: nodes.databaseProblem(), nodes: nodesShown(nodes, all) }),
      ),
  })
  methods(app, "/api/nodes/:node", {
    GET: (c) => runner.run(c, shown(c.req.param("node")), (node) => c.json(node)),
    PATCH: (c) => {
      const name = c.req.param("node")
      const change = Effect.flatMap(readJson(c, NodeChange), (input) => nodes.setNode(name, input))
      return runner.run(c, Effect.zipRight(change, shown(name)), (node) => c.json(node))
    },
  })
  methods(app, "/api/nodes/:node/drain", {
    POST: (c) => {
      const name = c.req.param("node")
      const drain = Effect.tap(readFollow(c.req.url), () => nodes.drain(name))
      return runner.run(c, Effect.zip(drain, shown(name)), ([follow, node]) => {
        if (!follow) return c.json(node)
        const lines = nodes.drained(name).pipe(
          Stream.map((one) => `${JSON.stringify(one)}\n`),
          // The node went away with its row: there is nothing more to tell.
          Stream.catchAll(() => Stream.empty),
          Stream.encodeText,
        )
        return c.body(Stream.toReadableStream(lines), 200, { "Content-Type": "application/x-ndjson" })
      })
    },
  })
  methods(app, "/api/nodes/:node/resume", {
    POST: (c) => {
      const name = c.req.param("node")
      return runner.run(c, Effect.zipRight(nodes.resume(name), shown(name)), (node) => c.json(node))
    },
  })
}

const placementRoutes = (app: Hono, { channels, inputNeeds, nodes, runner }: Services): void => {
  const shown = (ref: string) =>
    Effect.flatMap(Effect.all([channels.get(ref), inputNeeds.of(ref)]), ([channel, input]) =>
      placementOf(nodes, channel, input),
    )

  methods(app, "/api/channels/:id/placement", {
    GET: (c) => runner.run(c, shown(c.req.param("id")), (placement) => c.json(placement)),
    PUT: (c) => {
      const ref = c.req.param("id")
      const change = Effect.gen(function* () {
        const { id } = yield* channels.get(ref)
        yield* nodes.setPlacement(id, yield* readJson(c, PlacementInput))
        return yield* shown(ref)
      })
      return runner.run(c, change, (placement) => c.json(placement))
    },
  })
  methods(app, "/api/channels/:id/move", {
    POST: (c) => {
      const ref = c.req.param("id")
      const move = Effect.gen(function* () {
        const { id } = yield* channels.get(ref)
        const { force, node } = yield* readJson(c, MoveInput)
        yield* nodes.move(id, node, force)
        return yield* shown(ref)
      })
      return runner.run(c, move, (placement) => c.json(placement))
    },
  })
}

export const nodeRoutes = (app: Hono, services: Services): void => {
  nodesRoutes(app, services)
  placementRoutes(app, services)
}
