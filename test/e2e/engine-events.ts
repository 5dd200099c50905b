/**
 * Keeps what an engine has told so far, and waits for what it will tell. The engine in this process and the one in its
 * own process share it.
 */
import type { Event, Reason, SessionState } from "../../src/engine/protocol/messages.ts"
import { eventually } from "./product.ts"

type EventOf<K extends Event["event"]> = Extract<Event, { event: K }>
export type OutputState = EventOf<"output_state">
export type LegEvent = EventOf<"leg">

export class EngineEvents {
  readonly events: Event[] = []

  /** Forgets what was told, so that the next wait is for something new. */
  forget(): void {
    this.events.length = 0
  }

  all<K extends Event["event"]>(kind: K): Array<EventOf<K>> {
    return this.events.filter((e): e is EventOf<K> => e.event === kind)
  }

  /** The last state of an output; null before the first. */
  stateOf(id: string): OutputState | null {
    return (
      this.all("output_state")
        .filter((e) => e.output_id === id)
        .at(-1) ?? null
    )
  }

  outputIs(id: string, state: SessionState, ms = 10_000): Promise<OutputState> {
    const look = () => {
      const last = this.stateOf(id)
      if (last?.state === state) return last
      // A session that lives may still change its state; one that has ended cannot.
      if (last?.state === "ended") throw new Error(`it has ended: ${JSON.stringify(last.reason)}`)
      return null
    }
    return eventually(`output ${id} is ${state}`, look, ms)
  }

  /** Waits until a session ends, and returns the reason. */
  async ended(id: string, ms = 10_000): Promise<Reason> {
    const { reason } = await this.outputIs(id, "ended", ms)
    return reason ?? { code: "", message: "ended without a reason", transient: false }
  }

  /** Waits for the `count`-th event of a kind of a leg. */
  legSaid(kind: LegEvent["kind"], count = 1, ms = 10_000): Promise<LegEvent> {
    return eventually(
      `leg event ${kind}${count > 1 ? ` ${count} times` : ""}`,
      () => this.all("leg").filter((e) => e.kind === kind)[count - 1] ?? null,
      ms,
    )
  }

  /** Messages of one kind of leg event, in order. */
  legMessages(kind: LegEvent["kind"]): string[] {
    return this.all("leg")
      .filter((e) => e.kind === kind)
      .map((e) => e.message)
  }

  protected legWarnings(): string[] {
    return this.all("stats").flatMap(({ stats }) => stats.channels.flatMap((c) => c.legs.flatMap((l) => l.warnings)))
  }

  /** Waits for a warning of a leg that matches, and returns it. */
  legWarned(pattern: RegExp, ms = 6000): Promise<string> {
    return eventually(`a warning ${pattern}`, () => this.legWarnings().find((w) => pattern.test(w)) ?? null, ms)
  }
}
