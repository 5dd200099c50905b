/** @jsxImportSource hono/jsx */
/**
 * Pages of the whole configuration: preview of what a document would change, applying it, and going back to a version.
 */
import { Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfigPage, DiffPage, VersionPage } from "../../../../views/settings/ConfigPages.tsx"
import type { ConfigAnswer } from "../../../effects/declarative/Configuration.ts"
import { requesterOf } from "../../access/requester.ts"
import { methods } from "../../request/methods.ts"
import { makeProblem, type Problem, problemResponse } from "../../request/problem.ts"
import { wholeNumber } from "../../request/read-query.ts"
import type { AppServices } from "../../services/services.ts"
import { field, pageAnswer, stateOf } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { documentOf, readUpload } from "./config-upload.ts"
import { maskedText } from "./masked-text.ts"
import { makePendingDocuments } from "./pending-documents.ts"
import { doneOf, sentenceOf } from "./settings-forms.ts"

/** The services that these pages use. */
type ConfigPageServices = Pick<AppServices, "access" | "configuration" | "runner">

/** The time for applying a document: each channel that is started may take a second. */
const APPLIED_WITHIN = Duration.seconds(60)
const GONE = "The document is not kept any more: paste it or choose the file again."
const OTHER = "The configuration was changed meanwhile: this is what the document changes now."
/** The number of sentences about one document; more of them help nobody. */
const MAX_ALERTS = 50

const seen = ({ channels }: Pick<ConfigAnswer, "channels">) => JSON.stringify(channels)

/** The page of the configuration, and the way of a document from its comparison to its application. */
const documentRoutes = (app: Hono, services: ConfigPageServices): void => {
  const { access, configuration: config, runner } = services
  const withForm = makeWithForm(services)
  const pending = makePendingDocuments()
  const subjectOf = (c: Context) => access.callerOf(c)?.subject ?? null
  const by = (c: Context) => requesterOf(c, access)

  const page = (c: Context, text = "", problem?: Problem) =>
    runner.run(c, config.versions, (versions) => {
      const { alerts, ...state } = stateOf(
        { document: text },
        problem,
        ["document"],
        problem === undefined ? "" : "document",
      )
      const more = alerts.length - MAX_ALERTS
      const told = more > 0 ? [...alerts.slice(0, MAX_ALERTS), `and ${more} more`] : alerts
      return pageAnswer(
        <ConfigPage
          frame={frameOf(c, services)}
          done={doneOf(c)}
          versions={versions}
          state={{ ...state, alerts: told }}
        />,
        problem,
      )
    })
  /** The form with what was typed, without its secrets; empty when they cannot be told from the rest. */
  const again = (c: Context, text: string, problem: Problem) => {
    const shown = maskedText(text)
    const isWhole = shown === text
    const note =
      shown === null
        ? "What was typed may hold secrets and is not sent back."
        : "Secrets are not sent back: *** means as it is."
    const errors = problem.errors.length === 0 ? [{ path: "", message: problem.detail }] : problem.errors
    return page(c, shown ?? "", { ...problem, errors: isWhole ? errors : [...errors, { path: "", message: note }] })
  }

  methods(app, "/settings/config", { GET: (c) => page(c) })
  methods(app, "/settings/config/diff", {
    POST: async (c) => {
      const upload = await runner.settle(c, readUpload(c))
      if (Either.isLeft(upload)) return problemResponse(upload.left, c.req.path)
      const text = upload.right
      const compare = Effect.flatMap(documentOf(text), (document) =>
        Effect.map(config.apply(document, { dryRun: true, by: by(c) }), (diff) => ({ diff, document })),
      )
      const compared = await runner.settle(c, compare, APPLIED_WITHIN)
      if (Either.isLeft(compared)) return again(c, text, compared.left)
      const { diff, document } = compared.right
      const token = pending.keep({ document, subject: subjectOf(c), seen: seen(diff) })
      return c.html(<DiffPage frame={frameOf(c, services)} diff={diff} token={token} alerts={[]} />)
    },
  })
  methods(app, "/settings/config/apply", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const token = field(fields, "token")
        const waiting = pending.find(token, subjectOf(c))
        if (waiting === undefined) return page(c, "", makeProblem("conflict", GONE))
        const { document } = waiting
        // What is applied is what was seen: whatever came between is shown first.
        const apply = config.apply(document, { dryRun: false, by: by(c), only: (diff) => seen(diff) === waiting.seen })
        const applied = await runner.settle(c, apply, APPLIED_WITHIN)
        if (Either.isLeft(applied)) return page(c, "", applied.left)
        pending.forget(token)
        if (!applied.right.dry_run) return c.redirect("/settings/config?done=applied", 303)
        const next = pending.keep({ document, subject: subjectOf(c), seen: seen(applied.right) })
        const html = <DiffPage frame={frameOf(c, services)} diff={applied.right} token={next} alerts={[OTHER]} />
        return pageAnswer(html, makeProblem("conflict", OTHER))
      }),
  })
}

const versionOf = (text: string) => wholeNumber(text, Number.MAX_SAFE_INTEGER)
const noVersion = (c: Context, asked: string) =>
  problemResponse(
    makeProblem(
      "not-found",
      `there is no version "${asked.slice(0, 40)}": the page of the configuration names those that are kept`,
    ),
    c.req.path,
  )

/** The page of a version that is kept, and going back to it. */
const versionRoutes = (app: Hono, services: ConfigPageServices): void => {
  const { access, configuration: config, runner } = services
  const by = (c: Context) => requesterOf(c, access)

  const versionPage = async (c: Context, asked: string, problem?: Problem): Promise<Response> => {
    const number = versionOf(asked)
    if (number === null) return noVersion(c, asked)
    return runner.run(c, config.versions, async (versions) => {
      const version = versions.find((one) => one.version === number)
      if (version === undefined) return noVersion(c, asked)
      const diff = await runner.settle(c, config.rollback(number, { dryRun: true, by: by(c) }), APPLIED_WITHIN)
      const alerts = problem !== undefined ? [sentenceOf(problem)] : Either.isLeft(diff) ? [sentenceOf(diff.left)] : []
      const html = (
        <VersionPage
          frame={frameOf(c, services)}
          version={version}
          diff={Either.getOrElse(diff, () => null)}
          alerts={alerts}
        />
      )
      return pageAnswer(html, problem)
    })
  }
  methods(app, "/settings/config/versions/:version", { GET: (c) => versionPage(c, c.req.param("version")) })
  methods(app, "/settings/config/versions/:version/rollback", {
    POST: async (c) => {
      const asked = c.req.param("version")
      const number = versionOf(asked)
      if (number === null) return noVersion(c, asked)
      const rollback = config.rollback(number, { dryRun: false, by: by(c) })
      const rolled = await runner.settle(c, rollback, APPLIED_WITHIN)
      return Either.isLeft(rolled)
        ? versionPage(c, asked, rolled.left)
        : c.redirect("/settings/config?done=rolled-back", 303)
    },
  })
}

export const configPageRoutes = (app: Hono, services: ConfigPageServices): void => {
  documentRoutes(app, services)
  versionRoutes(app, services)
}
