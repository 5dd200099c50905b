/** @jsxImportSource hono/jsx */
/** Pages that add, change and remove notification destinations. They need the admin role. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import { DestinationFormPage } from "../../../../views/settings/DestinationPage.tsx"
import {
  DestinationInput,
  type DestinationKind,
  DestinationUpdate,
} from "../../../effects/notifications/notification-bodies.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import type { Problem } from "../../request/problem.ts"
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

/** The services that these pages use. */
type DestinationPageServices = Pick<AppServices, "access" | "notifications" | "runner">

const BASE = "/settings/notifications"

/** A destination as it stands, with a tag of what is masked. */
type Stands = Effect.Effect.Success<ReturnType<DestinationPageServices["notifications"]["taggedDestination"]>>

const shownDestination = ({ destination, secrets }: Stands): Shown => ({
  values: destinationValues(destination),
  secrets,
})

/** Makes the page with the form of a destination: of a new one, or of the one that stands. */
const makeFormPage =
  (services: DestinationPageServices) =>
  (c: Context, kind: DestinationKind, stands: Stands | null, fields?: Fields, problem?: Problem) => {
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

export const destinationPageRoutes = (app: Hono, services: DestinationPageServices): void => {
  const { notifications, runner } = services
  const withForm = makeWithForm(services)
  const formPage = makeFormPage(services)
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
