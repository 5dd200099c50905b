/** Destinations of notifications: how they are stored, changed by requests, and shown. */

import { type Checked, done, failed } from "../config/checked.ts"
import { maskText } from "../config/Logging.ts"
import { MASK } from "../config/output-input.ts"
import type { FieldError } from "../model/Errors.ts"
import type {
  DeliveryState,
  DestinationInput,
  DestinationKind,
  DestinationUpdate,
  DestinationView,
  MailSecurity,
} from "./notification-bodies.ts"

interface Common {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly created_at: string
}
export interface MailDestination extends Common {
  readonly kind: "email"
  readonly host: string
  readonly port: number
  readonly security: MailSecurity
  readonly verify_tls: boolean
  readonly user: string | null
  readonly password: string | null
  readonly from: string
  readonly to: ReadonlyArray<string>
}
export interface SlackDestination extends Common {
  readonly kind: "slack"
  readonly url: string
}
export interface WebhookDestination extends Common {
  readonly kind: "webhook"
  readonly url: string
  readonly secret: string | null
}
export type Destination = MailDestination | SlackDestination | WebhookDestination

type Field = Exclude<keyof DestinationInput, "name" | "kind" | "enabled">
const ALLOWED: Readonly<Record<DestinationKind, ReadonlyArray<Field>>> = {
  email: ["host", "port", "security", "verify_tls", "user", "password", "from", "to"],
  slack: ["url"],
  webhook: ["url", "secret"],
}
/** Default ports by security, from RFC 8314 and RFC 6409. */
const PORTS: Readonly<Record<MailSecurity, number>> = { tls: 465, starttls: 587, none: 25 }

/** Mail address: as much of RFC 5321 as people use. No display names, which could hold further addresses. */
const MAIL_ADDRESS = /^[^\s<>,;:"()[\]\\@]+@[^\s<>,;:"()[\]\\@]+$/
const badAddresses = ({ from, to }: DestinationInput): ReadonlyArray<FieldError> =>
  [
    ...(from === undefined ? [] : [["from", from] as const]),
    ...(to ?? []).map((address, n) => [`to[${n}]`, address] as const),
  ]
    .filter(([, address]) => !MAIL_ADDRESS.test(address))
    .map(([path]) => ({ path, message: "must be a mail address such as ops@example.com" }))

/**
 * Checks and builds a destination.
 * @param input everything that the destination is to have
 */
const build = (common: Common, input: DestinationInput): Checked<Destination> => {
  const { kind } = input
  const errors: FieldError[] = []
  const need = <A>(path: Field, value: A | null | undefined): A | null => {
    if (value === undefined || value === null) errors.push({ path, message: `is required for ${kind}` })
    return value ?? null
  }
  for (const [path, value] of Object.entries(input)) {
    if (["name", "kind", "enabled"].includes(path) || ALLOWED[kind].some((field) => field === path) || value == null)
      continue
    errors.push({ path, message: `is not for ${kind}; it takes ${ALLOWED[kind].join(", ")}` })
  }
  if (kind === "email") {
    const security = input.security ?? "starttls"
    const host = need("host", input.host)
    const from = need("from", input.from)
    const to = need("to", input.to)
    errors.push(...badAddresses(input))
    if (input.password != null && input.user == null)
      errors.push({ path: "user", message: "is required with a password" })
    if (input.user != null && input.password == null)
      errors.push({ path: "password", message: "is required with a user" })
    if (host === null || from === null || to === null || errors.length > 0) return failed(errors)
    const { password = null, port = PORTS[security], user = null, verify_tls = true } = input
    return done({ ...common, kind, host, port, security, verify_tls, user, password, from, to })
  }
  const url = need("url", input.url)
  if (url !== null && !URL.canParse(url)) errors.push({ path: "url", message: "is not a URL that can be read" })
  else if (url !== null && (new URL(url).username !== "" || new URL(url).password !== ""))
    errors.push({ path: "url", message: "must not hold a user or password" })
  else if (url?.includes(MASK) === true)
    errors.push({ path: "url", message: "is masked; leave it out to keep the one that is stored" })
  if (url === null || errors.length > 0) return failed(errors)
  return done(kind === "slack" ? { ...common, kind, url } : { ...common, kind, url, secret: input.secret ?? null })
}

const masked = (input: DestinationUpdate): ReadonlyArray<FieldError> =>
  (["password", "secret"] as const)
    .filter((path) => input[path] === MASK)
    .map((path) => ({ path, message: "is masked; leave it out to keep the one that is stored" }))

export const newDestination = (input: DestinationInput, id: string, createdAt: string): Checked<Destination> => {
  const errors = masked(input)
  if (errors.length > 0) return failed(errors)
  return build({ id, name: input.name, enabled: input.enabled ?? true, created_at: createdAt }, input)
}

export const changedDestination = (old: Destination, change: DestinationUpdate): Checked<Destination> => {
  const errors = masked(change)
  if (errors.length > 0) return failed(errors)
  const { created_at, id, ...own } = old
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  // Otherwise another server would be told the password that was meant for the first.
  const moved =
    old.kind === "email" && change.host !== undefined && change.host !== old.host && change.password === undefined
  if (moved && old.password !== null)
    return failed([{ path: "password", message: "is required again when the host changes" }])
  const input = { ...own, ...given } as unknown as DestinationInput
  return build({ id, name: input.name, enabled: input.enabled ?? true, created_at }, input)
}

/** Masks a webhook's URL down to scheme and host: the rest is as good as a password. */
const maskedUrl = (url: string) => {
  const { host, pathname, protocol, search } = new URL(url)
  return `${protocol}//${host}${pathname === "/" && search === "" ? "/" : `/${MASK}`}`
}
const mask = (secret: string | null) => (secret === null ? null : MASK)

export const destinationView = (destination: Destination, delivery: DeliveryState): DestinationView => {
  const { created_at, enabled, id, kind, name } = destination
  const common = { id, name, kind, enabled, created_at, delivery }
  if (destination.kind === "email") {
    const { from, host, password, port, security, to, user, verify_tls } = destination
    return {
      ...common,
      url: null,
      secret: null,
      host,
      port,
      security,
      verify_tls,
      user,
      password: mask(password),
      from,
      to,
    }
  }
  const secret = destination.kind === "webhook" ? mask(destination.secret) : null
  const none = {
    host: null,
    port: null,
    security: null,
    verify_tls: null,
    user: null,
    password: null,
    from: null,
    to: [],
  }
  return { ...common, ...none, url: maskedUrl(destination.url), secret }
}

/** Masks a destination's secrets where a server or the operating system repeats them. */
export const hideIn = (destination: Destination): ((text: string) => string) => {
  const found: string[] = []
  if (destination.kind === "email") {
    const { password, user } = destination
    if (password !== null) found.push(password, Buffer.from(password).toString("base64"))
    if (password !== null && user !== null) found.push(Buffer.from(`\0${user}\0${password}`).toString("base64"))
  } else {
    const { pathname, search } = new URL(destination.url)
    found.push(destination.url, `${pathname}${search}`, pathname, search)
    if (destination.kind === "webhook" && destination.secret !== null) found.push(destination.secret)
  }
  const secrets = [...new Set(found.filter((one) => one.length >= 4))].sort((a, b) => b.length - a.length)
  return (text) => maskText(secrets.reduce((shown, secret) => shown.replaceAll(secret, MASK), text))
}
