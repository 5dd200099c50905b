/** Form fields of notification destinations: those of each kind, and how they become a body for the API. */
import type { Choice, FieldSpec } from "../../../../views/forms/form-state.ts"
import type { DestinationKind, DestinationView } from "../../../effects/notifications/notification-bodies.ts"
import { bodyValue, type Fields, field } from "../forms/form-fields.ts"

export const KINDS: ReadonlyArray<Choice> = [
  { value: "email", text: "Email" },
  { value: "slack", text: "Slack" },
  { value: "webhook", text: "Webhook" },
]
export const isKind = (text: string): text is DestinationKind => KINDS.some(({ value }) => value === text)

const NAME: FieldSpec = { name: "name", kind: "text", label: "Name", hint: "What it is called here, as in On call" }
const ENABLED: FieldSpec = {
  name: "enabled",
  kind: "choice",
  label: "Is told",
  choices: [
    { value: "true", text: "yes" },
    { value: "false", text: "no, switched off" },
  ],
}
const STAYS = "Left empty it stays as it is; it is never shown again"

/**
 * Fields of a kind of destination.
 * @param old the destination that is changed
 */
export const destinationFields = (kind: DestinationKind, old: DestinationView | null): ReadonlyArray<FieldSpec> => {
  const secret = (name: string, label: string, hint: string, kept: string | null | undefined): FieldSpec => ({
    name,
    kind: "secret",
    label,
    ...(kept == null ? { hint } : { hint: STAYS, placeholder: kept === "***" ? "unchanged" : `unchanged: ${kept}` }),
  })
  if (kind === "slack")
    return [
      NAME,
      secret("url", "URL", "Of an incoming webhook, https://hooks.slack.com/services/...", old?.url),
      ENABLED,
    ]
  if (kind === "webhook") {
    const url = secret("url", "URL", "Where messages are sent by POST", old?.url)
    return [NAME, url, secret("secret", "Secret", "Optional; messages are signed with it", old?.secret), ENABLED]
  }
  return [
    NAME,
    { name: "host", kind: "text", label: "Mail server", placeholder: "smtp.example.com" },
    {
      name: "security",
      kind: "choice",
      label: "Encryption",
      choices: [
        { value: "starttls", text: "STARTTLS, and nothing without it (default)" },
        { value: "tls", text: "TLS from the start" },
        { value: "none", text: "none" },
      ],
    },
    {
      name: "port",
      kind: "number",
      label: "Port",
      placeholder: old === null ? "587, with TLS 465, without encryption 25" : "unchanged",
    },
    {
      name: "verify_tls",
      kind: "choice",
      label: "Certificate",
      choices: [
        { value: "true", text: "is checked (default)" },
        { value: "false", text: "any is accepted" },
      ],
    },
    { name: "user", kind: "text", label: "User", hint: "Optional, with the password" },
    secret("password", "Password", "Of the user", old?.password),
    { name: "from", kind: "text", label: "From", placeholder: "distributor@example.com" },
    { name: "to", kind: "list", label: "To", placeholder: "ops@example.com", hint: "Up to 50 addresses" },
    ENABLED,
  ]
}

export const SECRETS: ReadonlyArray<string> = ["url", "secret", "password"]

const given = (fields: Fields, specs: ReadonlyArray<FieldSpec>) =>
  Object.fromEntries(
    specs.map((spec) => [spec.name, bodyValue(fields, spec)]).filter(([, value]) => value !== undefined),
  )

export const newDestinationBody = (fields: Fields, kind: DestinationKind): Record<string, unknown> => ({
  name: "",
  kind,
  ...given(fields, destinationFields(kind, null)),
})

/** Body for a change. Fields left empty stay, except the user: without one there is no password either. */
export const changedDestinationBody = (fields: Fields, old: DestinationView): Record<string, unknown> => ({
  name: "",
  ...given(fields, destinationFields(old.kind, old)),
  ...(old.kind === "email" && field(fields, "user") === "" ? { user: null, password: null } : {}),
  ...(old.kind === "webhook" && field(fields, "secret_none") === "true" ? { secret: null } : {}),
})

/** Initial values for the form of an existing destination. */
export const destinationValues = (old: DestinationView): Fields => {
  const { enabled, from, host, name, port, security, to, user, verify_tls } = old
  const texts = { name, enabled, host, port, security, verify_tls, user, from, to: to.join(", ") }
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, value === null ? "" : String(value)]))
}
