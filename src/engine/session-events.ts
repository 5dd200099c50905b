/** What output sessions tell the control plane beside their states. */
import type { OutputSession, SessionContext } from "./outputs/output-session.ts"
import type { Event } from "./protocol/messages.ts"

/** `channelIdOf` gives the id of a session's channel, empty when there is no such channel any more. */
export const sessionEvents = (
  emit: (event: Event) => void,
  channelIdOf: (session: OutputSession) => string,
): Pick<SessionContext, "receiver" | "carrier"> => ({
  receiver: (session, { peer, stream_id }, change, reason) =>
    emit({
      event: "receiver",
      channel_id: channelIdOf(session),
      output_id: session.spec.id,
      peer,
      stream_id,
      joined: change === "joined",
      reason,
      refused: change === "refused",
    }),
  carrier: (session, carrier, message) =>
    emit({ event: "carrier", channel_id: channelIdOf(session), output_id: session.spec.id, carrier, message }),
})
