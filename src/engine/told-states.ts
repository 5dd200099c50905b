/** States of output sessions and fates of cues, told to the control plane as they change. */
import type { EngineChannel } from "./engine-channel.ts"
import { monotonicUs } from "./ffi/clock.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import type { Event } from "./protocol/messages.ts"

export class ToldStates {
  readonly #emit: (event: Event) => void
  /** State last told of each session. */
  readonly #told = new Map<OutputSession, string>()

  constructor(emit: (event: Event) => void) {
    this.#emit = emit
  }

  /** The session is closed: nothing more is told of it. */
  forget(session: OutputSession): void {
    this.#told.delete(session)
  }

  /** Tells which cues have left, or will not, and which were acknowledged, since the last call. */
  tellCues(channels: Iterable<EngineChannel>): void {
    for (const { cues, id } of channels) {
      const nowUs = monotonicUs()
      for (const fate of cues.poll(nowUs)) this.#emit({ event: "cue_sent", channel_id: id, at: Date.now(), ...fate })
      for (const receipt of cues.acknowledged(nowUs))
        this.#emit({ event: "cue_acknowledged", channel_id: id, at: Date.now(), ...receipt })
    }
  }

  /** Tells of every session whose state differs from what was told last; sessions that ended are dropped. */
  tellStates(channels: Iterable<EngineChannel>): void {
    for (const channel of channels)
      for (const [id, session] of channel.sessions) {
        if (this.#told.get(session) === session.state) continue
        this.#told.set(session, session.state)
        this.#emit({
          event: "output_state",
          channel_id: channel.id,
          output_id: id,
          session: session.spec.session,
          state: session.state,
          reason: session.reason,
        })
        if (session.state !== "ended") continue
        channel.sessions.delete(id)
        this.#told.delete(session)
      }
  }
}
