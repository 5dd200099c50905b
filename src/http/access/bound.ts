/**
 * What an account that is bound to tags sees and may ask for: decided here and nowhere else. Its role holds for the
 * channels that have one of its tags; any other is to it as if it did not exist. `services/bound-services.ts` puts
 * that between the routes and the control plane.
 */
import type { ChannelView } from "../../effects/model/channel.ts"
import { routeFor } from "./roles.ts"

/** The tags of an account; empty for one that is not bound. */
export type BoundTo = ReadonlyArray<string>

export const isBound = (tags: BoundTo): boolean => tags.length > 0

/** True where an account with these tags may know of the channel. */
export const sees = (tags: BoundTo, channel: { readonly tags: ReadonlyArray<string> }): boolean =>
  !isBound(tags) || channel.tags.some((tag) => tags.includes(tag))

const listed = (tags: BoundTo): string => tags.join(", ")

/** Why a bound account may not give these tags to a new channel; null when it may. */
export const refusedTags = (tags: BoundTo, wanted: ReadonlyArray<string>): string | null => {
  const foreign = wanted.filter((tag) => !tags.includes(tag))
  if (wanted.length === 0) return `must hold one of the tags that your role is bound to (${listed(tags)})`
  return foreign.length === 0
    ? null
    : `may hold only the tags that your role is bound to (${listed(tags)}), and not ${listed(foreign)}`
}

/** Why a bound account may not change the tags of a channel so; null when it may. */
export const refusedRetag = (
  tags: BoundTo,
  before: ReadonlyArray<string>,
  after: ReadonlyArray<string>,
): string | null => {
  const moved = [...before.filter((tag) => !after.includes(tag)), ...after.filter((tag) => !before.includes(tag))]
  const foreign = [...new Set(moved.filter((tag) => !tags.includes(tag)))]
  if (foreign.length > 0)
    return `may change only in the tags that your role is bound to (${listed(tags)}), and not in ${listed(foreign)}`
  return sees(tags, { tags: after })
    ? null
    : `must keep one of the tags that your role is bound to (${listed(tags)}): without it the channel would be out of your reach`
}

/** Paths of one channel; what they ask for is refused by the services where it is not the account's. */
const OF_CHANNEL = /^\/(?:api\/channels|api\/inputs|channels|live\/channels|fragments\/channels|preview)\/:id(?:\/|$)/
/** What there is of a channel beside it at AWS is of the whole account there; captures are for admins of the service. */
const OF_WHOLE = /\/(?:medialive|capture)(?:\/|$)/

/** Further paths for bound accounts, as the routes declare them; those of `LOOKED_AT` only to look. */
const OPEN = new Set([
  ...["/", "/ws", "/wall", "/live/channels", "/live/wall", "/api/channels", "/api/channels/bulk", "/api/inputs"],
  ...["/cues", "/events", "/live/cues", "/live/events", "/api/cues", "/api/events", "/api/egress", "/egress"],
  ...["/scte35", "/api/scte35/decode", "/api/openapi.json", "/api/docs", "/api/presets"],
  ...["/api/config/changes", "/api/config/changes/:change/revert", "/undo/:token"],
  ...["/api/notifications", "/api/notifications/acknowledge", "/api/notifications/:key/acknowledge"],
  ...["/api/notifications/mutes", "/api/notifications/mutes/:id", "/notices/acknowledge", "/notices/mute"],
  ...["/settings", "/settings/password", "/settings/notifications", "/settings/notifications/acknowledge"],
  ...["/settings/notifications/mutes", "/settings/notifications/mutes/:id/end"],
  ...["/channels", "/channels/bulk", "/add/channel", "/fragments/check-channel"],
  ...["/add/output", "/add/outputs", "/add/output-to-many", "/outputs", "/outputs/many", "/outputs/to-many"],
  ...["/outputs/test", "/api/outputs/test"],
  ...["/fragments/interpret", "/fragments/interpret-many", "/fragments/output-to-many"],
])
const LOOKED_AT = new Set(["/api/templates", "/api/templates/:template"])

/**
 * True for what a bound account may ask for, as far as its role goes. A route that nobody has put here is of the whole
 * service and refused.
 */
export const isOpenToBound = (method: string, path: string): boolean => {
  const route = routeFor(method, path)
  // Nothing is there, or not for this method: the answer says no more than that.
  if (route === null || route.role === "free") return true
  if (OPEN.has(route.path)) return true
  if (LOOKED_AT.has(route.path)) return route.method === "GET"
  return OF_CHANNEL.test(route.path) && !OF_WHOLE.test(route.path)
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/**
 * Makes the function that takes the names of hidden channels, and of their outputs, out of sentences such as `port 5000
 * is used by the primary input of channel "News"`.
 */
export const makeHush = (hidden: ReadonlyArray<{ readonly name: string }>): ((text: string) => string) => {
  if (hidden.length === 0) return (text) => text
  const names = [...new Set(hidden.map(({ name }) => escaped(name)))].sort((a, b) => b.length - a.length)
  const named = new RegExp(`(?:(?:output ".*?"|the [a-z0-9 ]+?) of )?channel "(?:${names.join("|")})"`, "gi")
  return (text) => (text.includes('"') ? text.replace(named, "a channel that you do not see") : text)
}

/** A channel of which nothing is said that `hush` takes out. */
export const hushedChannel = (channel: ChannelView, hush: (text: string) => string): ChannelView => {
  const orNull = (text: string | null) => (text === null ? null : hush(text))
  return {
    ...channel,
    error: orNull(channel.error),
    worst: { ...channel.worst, cause: orNull(channel.worst.cause) },
    alarms: channel.alarms.map((alarm) => ({ ...alarm, message: hush(alarm.message) })),
    outputs: channel.outputs.map((output) => ({ ...output, last_error: orNull(output.last_error) })),
  }
}

/** The channels among `all` that an account with these tags sees; what is said of them names no other. */
export const seenChannels = (tags: BoundTo, all: ReadonlyArray<ChannelView>): ReadonlyArray<ChannelView> => {
  if (!isBound(tags)) return all
  const hush = makeHush(all.filter((channel) => !sees(tags, channel)))
  return all.filter((channel) => sees(tags, channel)).map((channel) => hushedChannel(channel, hush))
}
