/**
 * Which stream ids of senders fit the one that a listener leg waits for. Encoders write the same thing in many ways:
 * `#!::r=news,m=publish` (SRT Access Control), `publish:news` (MediaMTX), `publish/news` (srtrelay), or plain `news`.
 */
import { parseStreamId, type StreamId } from "./stream-id.ts"

interface Asked {
  readonly resource: string
  readonly mode: string | null
  readonly user: string | null
  readonly session: string | null
  readonly extra: StreamId["extra"]
}

const nothingElse = { mode: null, user: null, session: null, extra: [] } as const

/** What a sender asks for, or null when its stream id names no resource. */
const askedBy = (got: string): Asked | null => {
  const id = parseStreamId(got)
  switch (id.syntax) {
    // The name of a leg may hold slashes, so that what srtrelay reads as a password belongs to the name.
    case "srtrelay":
      return { ...nothingElse, mode: id.mode, resource: got.slice(got.indexOf("/") + 1) }
    case "colon":
      return { ...id, resource: id.resource ?? "", session: id.user === null ? null : (got.split(":")[3] ?? null) }
    case "path":
      return got.startsWith("publish/")
        ? { ...nothingElse, mode: "publish", resource: got.slice("publish/".length) }
        : { ...nothingElse, resource: got }
    case "opaque":
      return { ...nothingElse, resource: got }
    default:
      return id.resource === null ? null : { ...id, resource: id.resource }
  }
}

const withoutLeadingSlash = (resource: string): string => (resource.startsWith("/") ? resource.slice(1) : resource)

const isSame = (wanted: string | null, got: string | null): boolean => wanted === null || wanted === got

/**
 * Whether a sender that calls with the stream id `got` belongs to a listener leg that waits for `wanted`. Equal text
 * always fits. When `wanted` is of the standard syntax and names a resource, any syntax fits that names the same
 * resource, in the mode `publish` or in none; a user, a session and further keys that `wanted` names must be equal.
 */
export const fitsStreamId = (wanted: string, got: string): boolean => {
  if (wanted === got) return true
  const leg = parseStreamId(wanted)
  if (leg.syntax !== "standard" || leg.resource === null || leg.resource === "") return false
  const asked = askedBy(got)
  if (asked === null || withoutLeadingSlash(asked.resource) !== withoutLeadingSlash(leg.resource)) return false
  if (asked.mode !== null && asked.mode !== "" && asked.mode !== "publish") return false
  if (!isSame(leg.user, asked.user) || !isSame(leg.session, asked.session)) return false
  return leg.extra.every(([key, value]) => asked.extra.some(([name, given]) => name === key && given === value))
}
