/** The socket of a leg with its watch, in a process (multicast-receiver.ts), and what it has said and counted. */
import type { ChildProcess } from "node:child_process"
import { createInterface } from "node:readline"
import { addressWords } from "../../src/core/net/address.ts"
import type { ReceiverLine } from "./multicast-receiver.ts"
import { eventually } from "./product.ts"

/** Datagrams have the last word of their sender's address as SSRC. */
const ssrcOf = (address: string) => addressWords(address)?.[3] ?? 0
/** Longest time in ms from an interface's return until the stream is back. */
export const BACK_MS = 5000

export class WatchedReceiver {
  line: ReceiverLine = { received: {}, reports: [], warning: null }

  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
    const { stdout } = this.#child
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => (this.line = JSON.parse(line)))
  }

  /** Lets something happen that no look of the watch can fall into: the process stands still meanwhile. */
  unaware(happen: () => void): void {
    this.#child.kill("SIGSTOP")
    happen()
    this.#child.kill("SIGCONT")
  }

  from(address: string): number {
    return this.line.received[ssrcOf(address)] ?? 0
  }

  /** Waits until `more` datagrams of a sender have come. */
  hears(address: string, ms = 10_000, more = 20): Promise<true> {
    const before = this.from(address)
    return eventually(`${more} datagrams of ${address}`, () => (this.from(address) >= before + more ? true : null), ms)
  }

  /** Waits until everything that had come before of a sender has been counted. */
  async settles(address: string): Promise<void> {
    for (let before = -1; before !== this.from(address); ) {
      before = this.from(address)
      const { line } = this
      await eventually("another line", () => (this.line === line ? null : true))
    }
  }

  /** Waits for a report that matches. */
  async says(pattern: RegExp, ms = BACK_MS): Promise<void> {
    await eventually(
      `${pattern}`,
      () => (this.line.reports.some(({ kind, message }) => pattern.test(`${kind}: ${message}`)) ? true : null),
      ms,
    )
  }
}
