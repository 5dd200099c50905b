/** REST routes of the links that show one output to a partner. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { PartnerLinkInput, partnerLinkView } from "../../effects/partners/partner-bodies.ts"
import { readJson } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

export const partnerLinkRoutes = (
  app: Hono,
  { access, partners, runner }: Pick<AppServices, "access" | "partners" | "runner">,
): void => {
  methods(app, "/api/channels/:id/outputs/:output/partner-links", {
    GET: (c) =>
      runner.run(c, partners.list(c.req.param("id"), c.req.param("output")), (links) => {
        const nowMs = Date.now()
        return c.json({ partner_links: links.map((link) => partnerLinkView(link, nowMs)) })
      }),
    POST: (c) => {
      const { id, output } = c.req.param()
      const by = access.callerOf(c)?.name ?? "the operator"
      const made = Effect.flatMap(readJson(c, PartnerLinkInput), (wanted) => partners.create(id, output, wanted, by))
      // The token is in this answer and nowhere else.
      return runner.run(c, made, ({ link, token }) =>
        c.json({ ...partnerLinkView(link, Date.now()), token, path: `/partner/${token}` }, 201),
      )
    },
  })
  methods(app, "/api/channels/:id/outputs/:output/partner-links/:link", {
    DELETE: (c) => {
      const { id, link, output } = c.req.param()
      return runner.run(c, partners.revoke(id, output, link), () => c.body(null, 204))
    },
  })
}
