/** Reads the form that a request brings. */
import { Either } from "effect"
import type { Context } from "hono"
import { readForm } from "../../request/body.ts"
import { problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import type { Fields } from "./form-fields.ts"
import { withMeantUrls } from "./meant-urls.ts"

/** Runs `use` with the fields of the form; a body that is no form is refused as on every path. */
export const makeWithForm =
  ({ runner }: Pick<AppServices, "runner">) =>
  async (c: Context, use: (fields: Fields) => Promise<Response>): Promise<Response> => {
    const form = await runner.settle(c, readForm(c))
    return Either.isLeft(form) ? problemResponse(form.left, c.req.path) : use(form.right)
  }

/** As `makeWithForm`, for the form of an output: its URLs come as they are meant. */
export const makeWithOutputForm = (services: Pick<AppServices, "runner">) => {
  const withForm = makeWithForm(services)
  return (c: Context, use: (fields: Fields) => Promise<Response>): Promise<Response> =>
    withForm(c, (fields) => use(withMeantUrls(fields)))
}
