/** Who is told of what. */

import { type Checked, done, failed } from "../config/checked.ts"
import type { FieldError } from "../model/Errors.ts"
import type { BookPolicy } from "./NoticeBook.ts"
import type { Told } from "./notice.ts"
import type { RulesInput, RulesView, RuleView } from "./notification-bodies.ts"

/** Rules that send everything about all channels to every destination, including those added later. */
export const DEFAULT_RULES: RulesView = {
  rules: [{ kinds: null, severities: null, channels: null, destinations: null, resolved: true }],
  output_down_after_s: 15,
  group_wait_s: 5,
  group_interval_s: 30,
  repeat_minutes: 0,
}

export const policyOf = ({
  group_interval_s,
  group_wait_s,
  output_down_after_s,
  repeat_minutes,
}: RulesView): BookPolicy => ({
  outputDownMs: output_down_after_s * 1000,
  groupWaitMs: group_wait_s * 1000,
  groupIntervalMs: group_interval_s * 1000,
  repeatMs: repeat_minutes * 60_000,
})

export interface KnownNames {
  /** Slug of a channel by its UUID, slug or number. */
  readonly channelOf: (ref: string) => string | undefined
  readonly isDestination: (id: string) => boolean
}

/** Builds rules. Fields left out of `input` get their defaults; channels and destinations must exist. */
export const rulesOf = (input: RulesInput, { channelOf, isDestination }: KnownNames): Checked<RulesView> => {
  const errors: FieldError[] = []
  const rules = input.rules.map((rule, n): RuleView => {
    const channels = rule.channels?.map((ref, place) => {
      const slug = channelOf(ref)
      if (slug === undefined)
        errors.push({ path: `rules[${n}].channels[${place}]`, message: `there is no channel "${ref}"` })
      return slug ?? ref
    })
    for (const [place, id] of (rule.destinations ?? []).entries()) {
      if (!isDestination(id))
        errors.push({ path: `rules[${n}].destinations[${place}]`, message: `there is no destination "${id}"` })
    }
    const { destinations = null, kinds = null, resolved = true, severities = null } = rule
    return { kinds, severities, channels: channels ?? null, destinations, resolved }
  })
  const { group_interval_s, group_wait_s, output_down_after_s, repeat_minutes } = input
  const given = Object.fromEntries(
    Object.entries({ group_interval_s, group_wait_s, output_down_after_s, repeat_minutes }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  return errors.length > 0 ? failed(errors) : done({ ...DEFAULT_RULES, ...given, rules })
}

const isIn = <A>(list: ReadonlyArray<A> | null, one: A) => list === null || list.includes(one)

/**
 * True when the rules send a notice to a destination. Notices of the service belong to no channel: only rules for all
 * channels cover them.
 */
export const isFor =
  ({ rules }: RulesView, destinationId: string) =>
  ({ notice, telling }: Told): boolean =>
    rules.some(
      ({ channels, destinations, kinds, resolved, severities }) =>
        isIn(kinds, notice.kind) &&
        isIn(severities, notice.severity) &&
        (channels === null || (notice.channel !== null && channels.includes(notice.channel.slug))) &&
        isIn(destinations, destinationId) &&
        (resolved || telling !== "resolved"),
    )

/** The rules without a destination that is gone. */
export const withoutDestination = (rules: RulesView, id: string): RulesView => ({
  ...rules,
  rules: rules.rules.map((rule) => ({ ...rule, destinations: rule.destinations?.filter((one) => one !== id) ?? null })),
})
