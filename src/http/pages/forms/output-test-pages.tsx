/** @jsxImportSource hono/jsx */
/** Tests of outputs, of one that is being added and of one that is there. They work without JavaScript. */
import { Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { TestPage } from "../../../../views/forms/OutputPages.tsx"
import { TestOutcome } from "../../../../views/forms/TestOutcome.tsx"
import { OutputRequest } from "../../../effects/templates/template-model.ts"
import { decode, readForm } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { backOf, type Fields, field, pageAnswer } from "./form-fields.ts"
import { changedOutput, findOutput } from "./interpret-output.ts"
import { withMeantUrls } from "./meant-urls.ts"
import { LABELS, newOutputBody } from "./output-fields.ts"
import type { OutputForms, Tested } from "./output-forms.tsx"
import { makeWithOutputForm } from "./with-form.ts"

/** Longer than the engine takes for a test at most. */
const TESTED_WITHIN = Duration.seconds(28)

const isInPlace = (c: Context) => c.req.header("hx-request") === "true"
/** The answer to htmx is a part of the page, whether the test was carried out or failed. */
const testInPlace = (c: Context, test: Either.Either<Tested, Problem>) => {
  if (Either.isRight(test)) return c.html(<TestOutcome test={test.right} />)
  const { detail, errors } = test.left
  const sentences =
    errors.length === 0 ? [detail] : errors.map(({ message, path }) => `${LABELS[path] ?? path}: ${message}`)
  return pageAnswer(
    <div class="banner error">
      {sentences.map((sentence) => (
        <p>{sentence}</p>
      ))}
    </div>,
    test.left,
  )
}

export const outputTestRoutes = (app: Hono, services: AppServices, { addPage, editPage }: OutputForms): void => {
  const { channels, dryRuns, runner } = services
  const withForm = makeWithOutputForm(services)

  methods(app, "/outputs/test", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const test = await runner.settle(
          c,
          Effect.flatMap(decode(OutputRequest, newOutputBody(fields)), (input) =>
            dryRuns.ofNew(input, field(fields, "channel")),
          ),
          TESTED_WITHIN,
        )
        if (isInPlace(c)) return testInPlace(c, test)
        return Either.isLeft(test)
          ? addPage(c, fields, { problem: test.left })
          : addPage(c, fields, { outcome: test.right })
      }),
  })
  methods(app, "/channels/:id/outputs/:output/test", {
    POST: async (c) => {
      const [ref, output] = [c.req.param("id"), c.req.param("output")]
      // A button on another page sends nothing along.
      const form =
        c.req.header("content-type") === undefined ? Either.right({} as Fields) : await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const fields: Fields = withMeantUrls(form.right)
      const isTyped = fields["url"] !== undefined
      const tested = isTyped
        ? Effect.flatMap(changedOutput(services, fields, ref, output), (input) =>
            dryRuns.ofExisting(ref, output, input),
          )
        : dryRuns.ofExisting(ref, output)
      const test = await runner.settle(c, tested, TESTED_WITHIN)
      if (isInPlace(c)) return testInPlace(c, test)
      if (Either.isLeft(test)) {
        return isTyped && test.left.kind !== "not-found"
          ? editPage(c, ref, output, fields, { problem: test.left })
          : problemResponse(test.left, c.req.path)
      }
      if (isTyped) return editPage(c, ref, output, fields, { outcome: test.right })
      return runner.run(c, findOutput(channels, ref, output), (found) =>
        c.html(
          <TestPage
            frame={frameOf(c, services)}
            channel={found.channel.name}
            name={found.output.name}
            back={backOf(c, fields)}
            test={test.right}
          />,
        ),
      )
    },
  })
}
