/** @jsxImportSource hono/jsx */
/** The connection to AWS on the settings pages. It needs the admin role. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { ConnectionPage } from "../../../../views/medialive/ConnectionPage.tsx"
import {
  ConnectionInput,
  type ConnectionTest,
  type ConnectionView,
} from "../../../effects/medialive/medialive-bodies.ts"
import type { MediaLiveService } from "../../../effects/medialive/medialive-service.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemResponse } from "../../request/problem.ts"
import { TEST_WITHIN } from "../../routes/medialive.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, field, pageAnswer, shownAgain, stateOf } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { doneOf } from "../settings/settings-forms.ts"

const PATH = "/settings/medialive"
const SECRETS = ["secret_access_key"]

const fieldsFor = (connection: ConnectionView): ReadonlyArray<FieldSpec> => [
  { name: "region", kind: "text", label: "Region", placeholder: "eu-west-1" },
  {
    name: "role_arn",
    kind: "text",
    label: "Role",
    placeholder: "arn:aws:iam::123456789012:role/NAME",
    hint: "Optional: the keys are exchanged for those of this role",
  },
  { name: "access_key_id", kind: "text", label: "Access key id", placeholder: "AKIA…" },
  {
    name: "secret_access_key",
    kind: "secret",
    label: "Secret access key",
    ...(connection.secret_access_key === null
      ? { hint: "It is kept encrypted" }
      : { hint: "Left empty it stays as it is; it is never shown again", placeholder: "unchanged" }),
  },
  {
    name: "addresses",
    kind: "list",
    label: "Where MediaLive reaches this machine",
    placeholder: "198.51.100.5",
    hint: "Public addresses or names; empty for the machine's own addresses",
  },
  {
    name: "egress_usd_per_gb",
    kind: "text",
    label: "Price of a GB that outputs send",
    placeholder: "0.09",
    hint: "In USD, for the estimate of costs",
  },
]

const valuesOf = (connection: ConnectionView): Fields => ({
  region: connection.region_from === "stored" ? (connection.region ?? "") : "",
  role_arn: connection.role_arn ?? "",
  access_key_id: connection.access_key_id ?? "",
  addresses: connection.addresses.join(", "),
  egress_usd_per_gb: connection.egress_usd_per_gb === null ? "" : String(connection.egress_usd_per_gb),
})

const amount = (text: string): string | number => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)

/** What is left empty goes, but the secret, which is never sent back. */
const bodyOf = (fields: Fields): Record<string, unknown> => {
  const text = (name: string) => field(fields, name) || null
  const price = field(fields, "egress_usd_per_gb")
  const secret = field(fields, "secret_access_key")
  const gone = field(fields, "keys_none") === "true" || field(fields, "access_key_id") === ""
  return {
    region: text("region"),
    role_arn: text("role_arn"),
    access_key_id: gone ? null : text("access_key_id"),
    ...(gone ? { secret_access_key: secret || null } : secret === "" ? {} : { secret_access_key: secret }),
    addresses: field(fields, "addresses")
      .split(/[\s,;]+/)
      .filter((one) => one !== ""),
    egress_usd_per_gb: price === "" ? null : amount(price),
  }
}

export const connectionPageRoutes = (
  app: Hono,
  medialive: MediaLiveService,
  services: Pick<AppServices, "access" | "runner">,
): void => {
  const { runner } = services
  const withForm = makeWithForm(services)

  const page = async (c: Context, more: { fields?: Fields; problem?: Problem; test?: ConnectionTest } = {}) => {
    const found = await runner.settle(c, medialive.connection)
    if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
    const connection = found.right
    const specs = fieldsFor(connection)
    const values = shownAgain(more.fields ?? valuesOf(connection), SECRETS, [])
    const state = stateOf(
      values,
      more.problem,
      specs.map(({ name }) => name),
      "region",
    )
    const html = (
      <ConnectionPage
        frame={frameOf(c, services)}
        connection={connection}
        fields={specs}
        state={state}
        done={more.problem === undefined ? doneOf(c) : undefined}
        test={more.test}
      />
    )
    return pageAnswer(html, more.problem)
  }
  const save = (c: Context, fields: Fields) =>
    runner.settle(c, Effect.flatMap(decode(ConnectionInput, bodyOf(fields)), medialive.setConnection))

  methods(app, PATH, {
    GET: (c) => page(c),
    POST: (c) =>
      withForm(c, async (fields) => {
        const saved = await save(c, fields)
        return Either.isLeft(saved) ? page(c, { fields, problem: saved.left }) : c.redirect(`${PATH}?done=saved`, 303)
      }),
  })
  methods(app, `${PATH}/test`, {
    // What is typed is saved first: what is tried is what will be used.
    POST: (c) =>
      withForm(c, async (fields) => {
        const saved = await save(c, fields)
        if (Either.isLeft(saved)) return page(c, { fields, problem: saved.left })
        const test = await runner.settle(c, medialive.test, TEST_WITHIN)
        return Either.isLeft(test) ? page(c, { problem: test.left }) : page(c, { test: test.right })
      }),
  })
}
