/**
 * The network of a soak, as a process of its own: the fork before the product, and impaired relays before SRT receivers.
 * Takes its settings as JSON, prints the relays' ports as JSON, then a report for each line on stdin.
 */
import { createInterface } from "node:readline"
import { ImpairedRelay } from "../lib/impaired-relay.ts"
import { LegFork, type LegImpairment } from "./leg-fork.ts"

export interface NetworkSettings {
  readonly port: number
  readonly channels: number
  readonly primary: number
  readonly backup: number
  readonly legs: LegImpairment
  /** Ports of receivers that stand behind a relay. */
  readonly receivers: ReadonlyArray<number>
  readonly relay: {
    readonly loss: number
    readonly delayMs: number
    readonly duplicates: number
    readonly overtaken: number
  }
}
export interface NetworkReport {
  readonly missed: number
  readonly late: number
  readonly forwarded: number
  readonly lost: number
  readonly relayLost: number
}

const settings = JSON.parse(process.argv[2] ?? "{}") as NetworkSettings
const { backup, channels, legs, port, primary, receivers, relay } = settings
const fork = await LegFork.open(port, channels, primary, backup, legs)
const relays: ImpairedRelay[] = []
for (const [i, receiver] of receivers.entries())
  relays.push(await ImpairedRelay.open(receiver, { ...relay, seed: legs.seed + i }))

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const lines = createInterface({ input: process.stdin })
lines.on("line", () => {
  const { forwarded, late, lost, missed } = fork
  const relayLost = relays.reduce((sum, one) => sum + one.lost[0] + one.lost[1], 0)
  say({ missed, late, forwarded, lost, relayLost } satisfies NetworkReport)
})
// Whoever started this is gone.
lines.on("close", () => process.exit(0))
say({ relays: relays.map((one) => one.port) })
