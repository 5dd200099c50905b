/** @jsxImportSource hono/jsx */
/** The style guide, for admins: nothing on it comes from the station. */
import type { Hono } from "hono"
import { sparkline } from "../../../views/channels/list-texts.ts"
import { StyleguidePage } from "../../../views/styleguide/StyleguidePage.tsx"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"

const EXAMPLE = Array.from({ length: 30 }, (_, at) => 8e6 + ((at * 7) % 11) * 1e5)

export const styleguideRoutes = (app: Hono, { access }: Pick<AppServices, "access">): void =>
  methods(app, "/styleguide", {
    GET: (c) => c.html(<StyleguidePage frame={frameOf(c, { access })} spark={sparkline(EXAMPLE)} />),
  })
