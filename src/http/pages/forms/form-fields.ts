/**
 * What all forms share: from the fields of a form to a body of the API, and from what is wrong with that back to
 * the fields.
 */
import type { Context } from "hono"
import type { FieldSpec, FormState } from "../../../../views/forms/form-state.ts"
import { maskSecrets } from "../../../core/output/output-url.ts"
import type { Problem } from "../../request/problem.ts"
import { localPath } from "../local-path.ts"

export type Fields = Readonly<Record<string, string>>

export const field = (fields: Fields, name: string): string => (fields[name] ?? "").trim()

/** Digits become a number; anything else stays for the schema to refuse. */
export const numeric = (text: string): string | number => (/^\d{1,15}$/.test(text) ? Number(text) : text)

/** Tags as they are typed: separated by commas or spaces, in any case. */
export const tagsIn = (fields: Fields): ReadonlyArray<string> =>
  field(fields, "tags")
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((tag) => tag !== "")

/** A value as the API takes it; undefined where the field is empty. */
export const bodyValue = (fields: Fields, { choices = [], kind, name }: FieldSpec): unknown => {
  if (kind === "checks") {
    const chosen = choices.map(({ value }) => value).filter((value) => field(fields, `${name}.${value}`) === "true")
    return chosen.length === 0 ? undefined : chosen
  }
  const text = field(fields, name)
  if (text === "") return undefined
  if (kind === "number") return numeric(text)
  if (kind === "list") return text.split(/[\s,;]+/).filter((one) => one !== "")
  if (kind === "choice" && (text === "true" || text === "false")) return text === "true"
  return text
}

/** What was typed, as far as it may be shown again. */
export const shownAgain = (fields: Fields, secrets: ReadonlyArray<string>, urls: ReadonlyArray<string>): Fields =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !secrets.includes(name))
      .map(([name, value]) => [name, urls.includes(name) ? value.split("\n").map(maskLine).join("\n") : value]),
  )

/** Everything up to the URL is its name. */
const maskLine = (line: string): string => {
  const at = line.search(/\S+:\/\//)
  return at < 0 ? line : line.slice(0, at) + maskSecrets(line.slice(at))
}

/** `input.allowed_senders[2]` is a matter of the field `input.allowed_senders`. */
const fieldOf = (path: string, names: ReadonlyArray<string>, aliases: Fields): string | undefined => {
  const name =
    Object.entries(aliases).find(([prefix]) => path.startsWith(prefix))?.[1] ?? path.replace(/\[\d+\].*$/, "")
  return names.includes(name) ? name : undefined
}

const sentence = (path: string, message: string) => (path === "" ? message : `${path}: ${message}`)

/**
 * @param names the fields of the form in their order
 * @param aliases fields by the beginning of the paths they stand for
 */
export const stateOf = (
  values: Fields,
  problem: Problem | undefined,
  names: ReadonlyArray<string>,
  focus: string,
  aliases: Fields = {},
): FormState => {
  const errors: Record<string, string> = {}
  const alerts: string[] = []
  for (const { message, path } of problem?.errors ?? []) {
    const name = fieldOf(path, names, aliases)
    if (name === undefined) alerts.push(sentence(path, message))
    else errors[name] = errors[name] === undefined ? message : `${errors[name]}; ${message}`
  }
  if (problem !== undefined && problem.errors.length === 0) alerts.push(problem.detail)
  return { values, errors, alerts, focus: names.find((name) => errors[name] !== undefined) ?? focus }
}

/** Pages that a form comes back to by itself: the list and a channel. */
const BACK = /^\/(?:channels\/[^/?#]+)?$/

/** Where to go when a form is done: where it says, else the page it was opened from, else the list. */
export const backOf = (c: Context, fields: Fields = {}): string => {
  const given = fields["back"]
  if (given !== undefined && given !== "") return localPath(given)
  const referer = c.req.header("referer")
  if (referer === undefined || !URL.canParse(referer)) return "/"
  const { host, pathname } = new URL(referer)
  return host === (c.req.header("host") ?? new URL(c.req.url).host) && BACK.test(pathname) ? localPath(pathname) : "/"
}

/** `path` with a place on it and with a removal that its banner offers to undo. */
export const withPlace = (path: string, place: { readonly hash?: string; readonly undo?: string }): string => {
  const url = new URL(path, "http://localhost")
  if (place.undo !== undefined) url.searchParams.set("undo", place.undo)
  return `${url.pathname}${url.search}${place.hash === undefined ? "" : `#${place.hash}`}`
}

/** Onwards: browsers follow a 303, and htmx is told, since the page that follows is not a part of this one. */
export const goTo = (c: Context, path: string): Response =>
  c.req.header("hx-request") === "true" ? c.body(null, 204, { "HX-Redirect": path }) : c.redirect(path, 303)

/** A page for a problem keeps the problem's status and headers. */
export const pageAnswer = (html: unknown, problem?: Problem | undefined): Response =>
  new Response(String(html), {
    status: problem?.status ?? 200,
    headers: { ...problem?.headers, "Content-Type": "text/html; charset=UTF-8" },
  })
