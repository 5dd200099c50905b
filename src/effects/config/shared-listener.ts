/** Which SRT inputs may wait for their senders at one port: libsrt has one listening socket for all of them. Pure. */
import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { takenAddress } from "../../core/output/taken-address.ts"
import { fitsStreamId } from "../../core/srt/ingest-id.ts"

/** What a listener needs of its port that others at the port must agree with. */
export interface ListenerShare {
  readonly address: string
  /** Null for a listener that takes any sender, and so shares its port with nobody. */
  readonly streamId: string | null
  /** Socket options by their names: accepted connections have those of the listening socket. */
  readonly options: ReadonlyMap<string, string>
}

/** What the listener of an input needs of its port. */
export const listenerShare = (target: SrtInputTarget): ListenerShare => ({
  address: takenAddress(target),
  streamId: target.streamId === null || target.streamId === "" ? null : target.streamId,
  options: new Map(target.options.map(({ option, value }) => [option.name.toLowerCase(), String(value)])),
})

/** The names of options that the two do not have alike. */
const differing = (a: ListenerShare, b: ListenerShare): ReadonlyArray<string> =>
  [...new Set([...a.options.keys(), ...b.options.keys()])].filter((name) => a.options.get(name) !== b.options.get(name))

/**
 * Why two inputs cannot listen at one port, and what to do, as a sentence that names no secret; null when they can.
 */
export const sharingProblem = (one: ListenerShare, other: ListenerShare): string | null => {
  if (one.streamId === null || other.streamId === null)
    return "SRT inputs share a port only when each has a streamid of its own; give both one, or take another port"
  if (fitsStreamId(one.streamId, other.streamId) || fitsStreamId(other.streamId, one.streamId))
    return "a sender with its streamid would fit both; give this one another streamid"
  if (one.address !== other.address)
    return "it listens on another address; inputs that share a port listen on the same address"
  const names = differing(one, other)
  return names.length === 0
    ? null
    : `inputs that share a port need the same socket options, and these differ: ${names.join(", ")}`
}
