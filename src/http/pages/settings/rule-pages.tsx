/** @jsxImportSource hono/jsx */
/** The page that changes which notices are told to which destinations, and when. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { RulesPage } from "../../../../views/settings/RulesPage.tsx"
import { type DestinationView, RulesInput, type RulesView } from "../../../effects/notifications/notification-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, pageAnswer, stateOf } from "../forms/form-fields.ts"
import { checkOpened, OPENED, openedOf, type Shown } from "../forms/meanwhile.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { countOf, prefixOf, ruleAliases, ruleFields, rulesBody, ruleValues, ruleWords, TIMES } from "./rule-fields.ts"

type RulePageServices = Pick<AppServices, "access" | "notifications" | "runner">

const shownRules = (rules: RulesView): Shown => ({ values: ruleValues(rules), secrets: "" })

/**
 * What the form says after somebody else has changed the rules: theirs in words, above what was typed; the next Save
 * decides. Rules have no names, so they are not put together one by one.
 */
const overtaken = (problem: Problem, rules: RulesView, all: ReadonlyArray<DestinationView>): Problem => ({
  ...problem,
  errors: [
    { path: "", message: problem.detail },
    ...rules.rules.map((rule, n) => ({ path: "", message: `Rule ${n + 1} is now: ${ruleWords(rule, all)}` })),
    ...TIMES.map(({ label, name }) => ({ path: "", message: `${label} is now: ${ruleValues(rules)[name]}` })),
    { path: "", message: "Save replaces these by what stands below." },
  ],
})

/** The page that changes the rules. It needs the admin role. */
export const rulePageRoutes = (app: Hono, services: RulePageServices): void => {
  const { notifications, runner } = services
  const withForm = makeWithForm(services)

  const rulesPage = (
    c: Context,
    destinations: ReadonlyArray<DestinationView>,
    stands: RulesView,
    fields: Fields,
    problem?: Problem,
  ) => {
    const count = countOf(fields)
    const rules = Array.from({ length: count }, (_, n) => ({
      prefix: prefixOf(n),
      fields: ruleFields(n, destinations),
      isNew: n === count - 1,
    }))
    const names = [...rules.flatMap((rule) => rule.fields.map(({ name }) => name)), ...TIMES.map(({ name }) => name)]
    const state = stateOf(fields, problem, names, "", ruleAliases(fields))
    const opened = fields[OPENED] ?? openedOf(shownRules(stands))
    const props = { frame: frameOf(c, services), rules, times: TIMES, state, opened }
    return pageAnswer(<RulesPage {...props} />, problem)
  }
  methods(app, "/settings/notifications/rules", {
    GET: (c) =>
      runner.run(c, Effect.all([notifications.rules, notifications.destinations]), ([rules, destinations]) =>
        rulesPage(c, destinations, rules, ruleValues(rules)),
      ),
    POST: (c) =>
      withForm(c, async (fields) => {
        const asOpened = Effect.flatMap(notifications.rules, (rules) => checkOpened(fields, shownRules(rules)))
        const destinations = await runner.settle(c, notifications.destinations)
        if (Either.isLeft(destinations)) return problemResponse(destinations.left, c.req.path)
        const body = decode(RulesInput, rulesBody(fields, destinations.right))
        const set = await runner.settle(
          c,
          Effect.flatMap(body, (input) => notifications.setRules(input, asOpened)),
        )
        if (Either.isRight(set)) return c.redirect("/settings/notifications?done=saved", 303)
        return runner.run(c, notifications.rules, (rules) => {
          if (set.left.kind !== "precondition-failed") return rulesPage(c, destinations.right, rules, fields, set.left)
          const again = { ...fields, [OPENED]: openedOf(shownRules(rules)) }
          return rulesPage(c, destinations.right, rules, again, overtaken(set.left, rules, destinations.right))
        })
      }),
  })
}
