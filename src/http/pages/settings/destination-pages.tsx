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
} from "../../../effects/notifications/notification-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, field, pageAnswer, shownAgain, stateOf } from "../forms/form-fields.ts"
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
import { countOf, prefixOf, ruleAliases, ruleFields, rulesBody, ruleValues, TIMES } from "./rule-fields.ts"

/** The services that these pages use. */
type DestinationPageServices = Pick<AppServices, "access" | "notifications" | "runner">

const BASE = "/settings/notifications"

/** Pages that add, change and remove a destination. */
const destinationRoutes = (app: Hono, services: DestinationPageServices): void => {
  const { notifications, runner } = services
  const withForm = makeWithForm(services)

  const formPage = (
    c: Context,
    kind: DestinationKind,
    old: DestinationView | null,
    fields?: Fields,
    problem?: Problem,
  ) => {
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
    GET: (c) => runner.run(c, notifications.destination(c.req.param("id")), (old) => formPage(c, old.kind, old)),
    POST: (c) =>
      withForm(c, (fields) =>
        runner.run(c, notifications.destination(c.req.param("id")), async (old) => {
          const body = decode(DestinationUpdate, changedDestinationBody(fields, old))
          const changed = await runner.settle(
            c,
            Effect.flatMap(body, (update) => notifications.updateDestination(old.id, update)),
          )
          return Either.isLeft(changed) ? formPage(c, old.kind, old, fields, changed.left) : saved(c, old.id)
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

/** The page that changes the rules. */
const ruleRoutes = (app: Hono, services: DestinationPageServices): void => {
  const { notifications, runner } = services
  const withForm = makeWithForm(services)

  const rulesPage = (c: Context, destinations: ReadonlyArray<DestinationView>, fields: Fields, problem?: Problem) => {
    const count = countOf(fields)
    const rules = Array.from({ length: count }, (_, n) => ({
      prefix: prefixOf(n),
      fields: ruleFields(n, destinations),
      isNew: n === count - 1,
    }))
    const names = [...rules.flatMap((rule) => rule.fields.map(({ name }) => name)), ...TIMES.map(({ name }) => name)]
    const state = stateOf(fields, problem, names, "", ruleAliases(fields))
    return pageAnswer(<RulesPage frame={frameOf(c, services)} rules={rules} times={TIMES} state={state} />, problem)
  }
  methods(app, `${BASE}/rules`, {
    GET: (c) =>
      runner.run(c, Effect.all([notifications.rules, notifications.destinations]), ([rules, destinations]) =>
        rulesPage(c, destinations, ruleValues(rules)),
      ),
    POST: (c) =>
      withForm(c, async (fields) => {
        const destinations = await runner.settle(c, notifications.destinations)
        if (Either.isLeft(destinations)) return problemResponse(destinations.left, c.req.path)
        const body = rulesBody(fields, destinations.right)
        const set = await runner.settle(c, Effect.flatMap(decode(RulesInput, body), notifications.setRules))
        return Either.isLeft(set)
          ? rulesPage(c, destinations.right, fields, set.left)
          : c.redirect(`${BASE}?done=saved`, 303)
      }),
  })
}

export const destinationPageRoutes = (app: Hono, services: DestinationPageServices): void => {
  destinationRoutes(app, services)
  ruleRoutes(app, services)
}
