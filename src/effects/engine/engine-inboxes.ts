/**
 * Inboxes for the engine's events: one per watched session and per watched channel, and the sessions that an engine
 * already runs, which wait to be adopted. Plain maps; everything happens in the fiber that reads the events.
 */
import { Effect, Mailbox, type Scope } from "effect"
import type { EngineStats, Event, Reason, SessionState } from "../../engine/protocol/messages.ts"

export interface SessionUpdate {
  readonly state: SessionState
  readonly reason: Reason | null
}

export type ChannelEvent = Extract<
  Event,
  { readonly event: "leg" | "source" | "scte35" | "cue_sent" | "cue_acknowledged" | "receiver" | "carrier" }
>

/** A session found running, with its state and what happens to it from now on. */
export interface AdoptedSession {
  readonly session: string
  readonly state: SessionState
  readonly updates: Mailbox.ReadonlyMailbox<SessionUpdate>
}

export interface EngineInboxes {
  readonly watchSession: (session: string) => Effect.Effect<Mailbox.ReadonlyMailbox<SessionUpdate>, never, Scope.Scope>
  readonly watchChannel: (channelId: string) => Effect.Effect<Mailbox.ReadonlyMailbox<ChannelEvent>, never, Scope.Scope>
  /** Takes over the session an output already has, if it is alive and runs this revision of its configuration. */
  readonly adopt: (outputId: string, revision: string) => Effect.Effect<AdoptedSession | null, never, Scope.Scope>
  /** Offers the sessions that the engine ran when the control plane connected to it. */
  readonly offerForAdoption: (stats: EngineStats) => void
  readonly dispatch: (event: Exclude<Event, { readonly event: "stats" }>) => void
  /** Tells every session that it is over. */
  readonly endAll: (reason: Reason) => void
}

/**
 * Number of events by which a channel's watcher may fall behind; a flood loses the oldest. A cue brings one for each
 * output.
 */
const CHANNEL_INBOX = 2048

export const makeInboxes = (): EngineInboxes => {
  const sessions = new Map<string, Mailbox.Mailbox<SessionUpdate>>()
  const channels = new Map<string, Mailbox.Mailbox<ChannelEvent>>()
  const adoptable = new Map<string, { session: string; revision: string | undefined; state: SessionState }>()

  const watch = <A>(
    map: Map<string, Mailbox.Mailbox<A>>,
    key: string,
    options?: { capacity: number; strategy: "sliding" },
  ) =>
    Effect.acquireRelease(
      Effect.tap(Mailbox.make<A>(options), (inbox) => Effect.sync(() => map.set(key, inbox))),
      (inbox) => Effect.sync(() => map.get(key) === inbox && map.delete(key)),
    )

  return {
    watchSession: (session) => watch(sessions, session),
    watchChannel: (id) => watch(channels, id, { capacity: CHANNEL_INBOX, strategy: "sliding" }),
    adopt: (outputId, revision) =>
      Effect.gen(function* () {
        const found = adoptable.get(outputId)
        adoptable.delete(outputId)
        if (found === undefined || found.revision !== revision) return null
        return { session: found.session, state: found.state, updates: yield* watch(sessions, found.session) }
      }),
    offerForAdoption: (stats) => {
      adoptable.clear()
      for (const { id, revision, session, state } of stats.channels.flatMap((channel) => channel.outputs)) {
        if (state !== "ended") adoptable.set(id, { session, revision, state })
      }
    },
    dispatch: (event) => {
      if (event.event !== "output_state") {
        channels.get(event.channel_id)?.unsafeOffer(event)
        return
      }
      const waiting = adoptable.get(event.output_id)
      if (waiting?.session === event.session) {
        if (event.state === "ended") adoptable.delete(event.output_id)
        else waiting.state = event.state
      }
      sessions.get(event.session)?.unsafeOffer({ state: event.state, reason: event.reason })
    },
    endAll: (reason) => {
      adoptable.clear()
      for (const inbox of sessions.values()) inbox.unsafeOffer({ state: "ended", reason })
    },
  }
}
