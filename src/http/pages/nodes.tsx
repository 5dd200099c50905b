/** @jsxImportSource hono/jsx */
/** The page of the nodes, and the forms about where channels run. On a single machine there is no such page. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { may } from "../../../views/layout/frame.ts"
import { NodesPage, nodesRegions } from "../../../views/nodes/NodesPage.tsx"
import type { NodesShown } from "../../../views/nodes/nodes-shown.ts"
import { decode, readForm } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { type ApiError, makeProblem, type Problem, problemResponse } from "../request/problem.ts"
import { MoveInput, PlacementInput } from "../routes/node-bodies.ts"
import { nodesShown } from "../services/placement-shown.ts"
import type { AppServices } from "../services/services.ts"
import { afterAction, type ChannelPageServices } from "./channel-page.tsx"
import { frameOf } from "./frame.ts"

type Services = ChannelPageServices & Pick<AppServices, "nodes">

const nothingHere = (c: Context) =>
  problemResponse(makeProblem("not-found", `there is nothing at ${c.req.path}: this is a single machine`), c.req.path)

const sentence = ({ detail, errors }: Problem): string =>
  errors.length === 0 ? detail : errors.map(({ message }) => message).join("; ")

const listRoutes = (app: Hono, { access, channels, live, nodes, runner }: Services): void => {
  const shown = (c: Context): Effect.Effect<NodesShown> => {
    const mayAct = may({ caller: access.callerOf(c) }, "admin")
    return Effect.map(channels.list, (all) => ({
      self: nodes.self,
      databaseProblem: nodes.databaseProblem(),
      nodes: nodesShown(nodes, all),
      relayed: new Set(all.flatMap(({ id, input }) => ((input.relay_port ?? null) === null ? [] : [id]))),
      placements: nodes.placements(),
      mayAct,
    }))
  }
  const page = (c: Context, problem?: Problem) =>
    runner.run(c, shown(c), (found) => {
      const alert = problem === undefined ? undefined : sentence(problem)
      const html = <NodesPage frame={frameOf(c, { access })} shown={found} alert={alert} />
      return new Response(String(html), {
        status: problem?.status ?? 200,
        headers: { ...problem?.headers, "Content-Type": "text/html; charset=UTF-8" },
      })
    })
  const button = (path: string, act: (name: string) => Effect.Effect<unknown, ApiError>) =>
    methods(app, path, {
      POST: async (c) => {
        const done = await runner.settle(c, act(c.req.param("node") ?? ""))
        live.refresh()
        return Either.isLeft(done) ? page(c, done.left) : c.redirect("/nodes", 303)
      },
    })

  methods(app, "/nodes", { GET: (c) => (nodes.self === null ? nothingHere(c) : page(c)) })
  methods(app, "/live/nodes", {
    GET: (c) => {
      if (nodes.self === null) return nothingHere(c)
      const role = access.callerOf(c)?.role ?? "nobody"
      return live.stream(c, `nodes for ${role}`, Effect.map(shown(c), nodesRegions))
    },
  })
  button("/nodes/:node/drain", nodes.drain)
  button("/nodes/:node/resume", nodes.resume)
}

const placementForms = (app: Hono, services: Services): void => {
  const { channels, live, nodes, runner } = services
  const form = (
    path: string,
    act: (id: string, fields: Readonly<Record<string, string>>) => Effect.Effect<unknown, ApiError>,
  ) =>
    methods(app, path, {
      POST: async (c) => {
        const ref = c.req.param("id") ?? ""
        const done = await runner.settle(
          c,
          Effect.flatMap(Effect.all([channels.get(ref), readForm(c)]), ([{ id }, fields]) => act(id, fields)),
        )
        live.refresh()
        return afterAction(services, c, ref, Either.isLeft(done) ? { problem: done.left } : {})
      },
    })
  form("/channels/:id/move", (id, { node }) =>
    Effect.flatMap(decode(MoveInput, { node }), (input) => nodes.move(id, input.node)),
  )
  form("/channels/:id/placement", (id, { home, isolated, standby }) =>
    Effect.flatMap(decode(PlacementInput, { home, isolated, standby: standby === "" ? null : standby }), (input) =>
      nodes.setPlacement(id, input),
    ),
  )
}

export const nodePageRoutes = (app: Hono, services: Services): void => {
  listRoutes(app, services)
  placementForms(app, services)
}
