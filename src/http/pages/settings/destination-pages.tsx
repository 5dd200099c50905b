/** @jsxImportSource hono/jsx */
/** Pages that add, change and remove notification destinations, and change the rules. They need the admin role. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import { DestinationFormPage } from "../../../../views/settings/DestinationPage.tsx"
import { RulesPage } from "../../../../views/settings/RulesPage.tsx"
import {
  DestinationInput,
  type DestinationKind,
  DestinationUpdate,
  type DestinationView,
  RulesInput,
  type RulesView,
} from "../../../effects/notifications/notification-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, field, pageAnswer, shownAgain, stateOf } from "../forms/form-fields.ts"
import { checkOpened, merged, OPENED, openedOf, type Shown } from "../forms/meanwhile.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import {
  changedDestinationBody,
  destinationFields,
  destinationValues,
  isKind,
  KINDS,
  newDestinationBody,
  SECRETS,
} from "./destination-fields.ts"
import { countOf, prefixOf, ruleAliases, ruleFields, rulesBody, ruleValues, ruleWords, TIMES } from "./rule-fields.ts"

/** The services that these pages use. */
type DestinationPageServices = Pick<AppServices, "access" | "notifications" | "runner">

const BASE = "/settings/notifications"

/** A destination as it stands, with a tag of what is masked. */
type Stands = Effect.Effect.Success<ReturnType<DestinationPageServices["notifications"]["taggedDestination"]>>

const shownDestination = ({ destination, secrets }: Stands): Shown => ({
  values: destinationValues(destination),
  secrets,
})

/** Pages that add, change and remove a destination. */
const destinationRoutes = (app: Hono, services: DestinationPageServices): void => {
  const { notifications, runner } = services
  const withForm = makeWithForm(services)

  const formPage = (c: Context, kind: DestinationKind, stands: Stands | null, fields?: Fields, problem?: Problem) => {
    const old = stands?.destination ?? null
    const specs = destinationFields(kind, old)
    const values = fields ?? (old === null ? {} : destinationValues(old))
    const state = stateOf(
      shownAgain(values, SECRETS, []),
      problem,
      specs.map(({ name }) => name),
      "name",
    )
    const html = (
      <DestinationFormPage
        frame={frameOf(c, services)}
        editing={old === null ? null : { id: old.id, name: old.name, hasSecret: old.secret !== null }}
        kind={kind}
        kinds={KINDS}
        fields={specs}
        opened={stands === null ? undefined : (fields?.[OPENED] ?? openedOf(shownDestination(stands)))}
        state={state}
      />
    )
    return pageAnswer(html, problem)
  }
  const kindOf = (text: string): DestinationKind => (isKind(text) ? text : "email")
  const saved = (c: Context, id: string) => c.redirect(`${BASE}?done=saved#destination-${id}`, 303)

  methods(app, `${BASE}/destinations/add`, {
    GET: (c) => formPage(c, kindOf(c.req.query("kind") ?? ""), null),
    POST: (c) =>
      withForm(c, async (fields) => {
        const kind = kindOf(field(fields, "kind"))
        const create = Effect.flatMap(
          decode(DestinationInput, newDestinationBody(fields, kind)),
          notifications.createDestination,
        )
        const created = await runner.settle(c, create)
        return Either.isLeft(created) ? formPage(c, kind, null, fields, created.left) : saved(c, created.right.id)
      }),
  })
  methods(app, `${BASE}/destinations/:id/edit`, {
    GET: (c) =>
      runner.run(c, notifications.taggedDestination(c.req.param("id")), (stands) =>
        formPage(c, stands.destination.kind, stands),
      ),
    POST: (c) =>
      withForm(c, (fields) =>
        runner.run(c, notifications.taggedDestination(c.req.param("id")), async (stands) => {
          const { destination: old } = stands
          const now = notifications.taggedDestination(old.id)
          const asOpened = Effect.flatMap(now, (later) => checkOpened(fields, shownDestination(later)))
          const body = decode(DestinationUpdate, changedDestinationBody(fields, old))
          const changed = await runner.settle(
            c,
            Effect.flatMap(body, (update) => notifications.updateDestination(old.id, update, asOpened)),
          )
          if (Either.isRight(changed)) return saved(c, old.id)
          if (changed.left.kind !== "precondition-failed") return formPage(c, old.kind, stands, fields, changed.left)
          return runner.run(c, now, (later) => {
            const again = merged(fields, shownDestination(later), changed.left)
            return formPage(c, old.kind, later, again.fields, again.problem)
          })
        }),
      ),
  })
  methods(app, `${BASE}/destinations/:id/remove`, {
    GET: (c) =>
      runner.run(c, notifications.destination(c.req.param("id")), ({ id, name }) =>
        c.html(
          <ConfirmPage
            frame={frameOf(c, services)}
            question={`Remove the destination ${name}?`}
            items={["Messages that wait for it are given up, and rules name it no more."]}
            to={`${BASE}/destinations/${id}/remove`}
            fields={[]}
            yes={`Remove ${name}`}
            back={BASE}
          />,
        ),
      ),
    POST: (c) =>
      runner.run(c, notifications.removeDestination(c.req.param("id")), () => c.redirect(`${BASE}?done=removed`, 303)),
  })
}

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

/** The page that changes the rules. */
const ruleRoutes = (app: Hono, services: DestinationPageServices): void => {
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
  methods(app, `${BASE}/rules`, {
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
        if (Either.isRight(set)) return c.redirect(`${BASE}?done=saved`, 303)
        return runner.run(c, notifications.rules, (rules) => {
          if (set.left.kind !== "precondition-failed") return rulesPage(c, destinations.right, rules, fields, set.left)
          const again = { ...fields, [OPENED]: openedOf(shownRules(rules)) }
          return rulesPage(c, destinations.right, rules, again, overtaken(set.left, rules, destinations.right))
        })
      }),
  })
}

export const destinationPageRoutes = (app: Hono, services: DestinationPageServices): void => {
  destinationRoutes(app, services)
  ruleRoutes(app, services)
}
