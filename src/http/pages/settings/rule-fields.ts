/** Form fields of the notification rules, and how they become a body for the API. */
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { KIND_NAMES, kindInfo, type NoticeKind, SEVERITIES } from "../../../effects/notifications/notice-kinds.ts"
import type { DestinationView, RulesView, RuleView } from "../../../effects/notifications/notification-bodies.ts"
import { bodyValue, type Fields, field } from "../forms/form-fields.ts"

/** Most rules, as many as the API takes. */
const MAX_RULES = 100
type Destinations = ReadonlyArray<Pick<DestinationView, "id" | "name">>

/** A kind of notice in words; those of outputs, which leave the name out, get it in front. */
const wordsOf = (kind: NoticeKind) =>
  kind.startsWith("output_") ? `output ${kindInfo(kind).words}` : kindInfo(kind).words

export const prefixOf = (n: number): string => `rules[${n}]`

export const ruleFields = (n: number, destinations: Destinations): ReadonlyArray<FieldSpec> => {
  const name = (field: string) => `${prefixOf(n)}.${field}`
  return [
    {
      name: name("severities"),
      kind: "checks",
      label: "Severity",
      choices: SEVERITIES.map((value) => ({ value, text: value })),
    },
    {
      name: name("kinds"),
      kind: "checks",
      label: "What",
      choices: KIND_NAMES.map((value) => ({ value, text: wordsOf(value) })),
    },
    {
      name: name("channels"),
      kind: "list",
      label: "Channels",
      placeholder: "all, and the service",
      hint: "Short names, as in main-event",
    },
    {
      name: name("destinations"),
      kind: "checks",
      label: "Destinations",
      ...(destinations.length === 0 ? { hint: "There are none yet" } : {}),
      choices: destinations.map(({ id, name }) => ({ value: id, text: name })),
    },
    {
      name: name("resolved"),
      kind: "choice",
      label: "Its end",
      choices: [
        { value: "true", text: "is told too" },
        { value: "false", text: "is not told" },
      ],
    },
  ]
}

export const TIMES: ReadonlyArray<FieldSpec> = [
  {
    name: "output_down_after_s",
    kind: "number",
    label: "Output down after, s",
    hint: "0 to 3600; an output that is back sooner is not told",
  },
  {
    name: "group_wait_s",
    kind: "number",
    label: "Wait for others, s",
    hint: "0 to 300; before the first message about a channel",
  },
  { name: "group_interval_s", kind: "number", label: "Between messages, s", hint: "0 to 3600; about one channel" },
  { name: "repeat_minutes", kind: "number", label: "Repeat after, minutes", hint: "0 to 10080; 0 never tells again" },
]

/** Number of rules in the form, including the empty one. */
export const countOf = (fields: Fields): number => {
  const count = Number(field(fields, "count"))
  return Number.isInteger(count) && count > 0 ? Math.min(count, MAX_RULES + 1) : 1
}

/** Indices in the form of the rules that are kept or added. */
export const keptRules = (fields: Fields): ReadonlyArray<number> => {
  const count = countOf(fields)
  return Array.from({ length: count }, (_, n) => n).filter((n) =>
    n === count - 1
      ? field(fields, `${prefixOf(n)}.add`) === "true"
      : field(fields, `${prefixOf(n)}.remove`) !== "true",
  )
}

export const rulesBody = (fields: Fields, destinations: Destinations): Record<string, unknown> => ({
  ...Object.fromEntries(
    TIMES.map((spec) => [spec.name, bodyValue(fields, spec)]).filter(([, value]) => value !== undefined),
  ),
  rules: keptRules(fields).map((n) =>
    Object.fromEntries(
      ruleFields(n, destinations)
        .map((spec) => [spec.name.slice(prefixOf(n).length + 1), bodyValue(fields, spec)])
        .filter(([, value]) => value !== undefined),
    ),
  ),
})

/** Form fields for the paths of errors in the body. The two differ, as removed rules are only in the form. */
export const ruleAliases = (fields: Fields): Fields =>
  Object.fromEntries(
    keptRules(fields).flatMap((n, at) =>
      ruleFields(n, []).map(({ name }) => [`${prefixOf(at)}.${name.slice(prefixOf(n).length + 1)}`, name]),
    ),
  )

export const ruleValues = ({ rules, ...times }: RulesView): Fields => ({
  count: String(rules.length + 1),
  ...Object.fromEntries(
    TIMES.map(({ name }) => [name, String(Object.entries(times).find(([key]) => key === name)?.[1] ?? "")]),
  ),
  ...Object.fromEntries(
    rules.flatMap(({ channels, destinations, kinds, resolved, severities }, n) => [
      ...Object.entries({ kinds, severities, destinations }).flatMap(([name, chosen]) =>
        (chosen ?? []).map((value) => [`${prefixOf(n)}.${name}.${value}`, "true"] as const),
      ),
      [`${prefixOf(n)}.channels`, (channels ?? []).join(", ")] as const,
      [`${prefixOf(n)}.resolved`, String(resolved)] as const,
    ]),
  ),
})

/** A rule as a sentence. */
export const ruleWords = (
  { channels, destinations, kinds, resolved, severities }: RuleView,
  all: Destinations,
): string => {
  const nameOf = (id: string) => all.find((one) => one.id === id)?.name ?? id
  const whom = destinations === null ? "every destination" : destinations.map(nameOf).join(", ") || "nobody"
  const what = kinds === null ? "everything" : kinds.map(wordsOf).join(", ") || "nothing"
  const grave = severities === null ? "" : ` that is ${severities.join(" or ") || "of no severity"}`
  const where = channels === null ? "" : ` on ${channels.join(", ") || "no channel"}`
  return `${whom}: ${what}${grave}${where}${resolved ? "" : ", and not when it is over"}`
}
