/**
 * Plays impaired legs into channels of the real product, all channels at once, and collects what their outputs and the
 * API gave.
 */

import type { ChannelView } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import type { Schedule } from "../impairments.ts"
import { type SendReport, sendSchedules } from "./impaired-sender.ts"
import { eventually, type Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { freePortBlock } from "./udp-ports.ts"

export interface Scenario {
  /** Name of the scenario and of its channel. */
  readonly name: string
  /** The primary and, when there are two legs, the backup. */
  readonly legs: ReadonlyArray<Pick<Schedule, "datagrams">>
  /** `input` of the channel. */
  readonly input?: Readonly<Record<string, unknown>>
  /** Whether the stream also goes through an SRT listener with a latency of 600 ms, to srt-live-transmit. */
  readonly srt?: boolean
  /** Lateness in us of its legs that it stands, when that is less than for others. */
  readonly lateMaxUs?: number
}

/** A view of the channel, taken while the legs were sent. */
export interface Sample {
  /** Milliseconds since the first datagram; what the view shows is up to a second older. */
  readonly at: number
  readonly view: ChannelView
}

export interface Outcome {
  readonly udp: Buffer
  /** What the SRT receiver got; null without an SRT output. */
  readonly srt: Buffer | null
  readonly during: ReadonlyArray<Sample>
  /** The channel once every datagram was counted. */
  readonly after: ChannelView
  /** Events until the last datagram was sent; what the end of the schedules brings about is left out. */
  readonly events: ReadonlyArray<ChannelEventView>
  readonly sending: SendReport
  /** `late_us` of this channel's legs. */
  readonly lateUs: SendReport["late_us"]
}

interface Stage {
  readonly scenario: Scenario
  readonly id: string
  readonly ports: ReadonlyArray<number>
  readonly udp: UdpReceiver
  readonly srt: SrtReceiver | null
  readonly during: Sample[]
}

const SAMPLE_MS = 500
/**
 * Outputs are done when nothing has come for this many ms: more than merge window, SRT latency and a pass of the
 * statistics together.
 */
const QUIET_MS = 1200

const setUp = async (product: Product, scenario: Scenario): Promise<Stage> => {
  const ports = await Promise.all(scenario.legs.map(() => freePortBlock()))
  const [primary, backup] = ports
  const udp = await UdpReceiver.open()
  const srtPort = scenario.srt === true ? await freePortBlock() : null
  const outputs = [{ url: `udp://127.0.0.1:${udp.port}` }]
  if (srtPort !== null) outputs.push({ url: `srt://127.0.0.1:${srtPort}?mode=listener&latency=600` })
  const { id } = await product.channel({
    name: scenario.name,
    rtp_ip: "127.0.0.1",
    rtp_port: primary,
    ...(backup === undefined ? {} : { backup_rtp_ip: "127.0.0.1", backup_rtp_port: backup }),
    input: scenario.input ?? {},
    outputs,
  })
  const srt = srtPort === null ? null : await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?latency=600`)
  await product.until("outputs connected", id, (view) => view.outputs.every((o) => o.status === "connected"), 15_000)
  return { scenario, id, ports, udp, srt, during: [] }
}

const settled = async (product: Product, stages: ReadonlyArray<Stage>, { sent }: SendReport): Promise<void> => {
  const counted = async ({ id, ports }: Stage, first: number) => {
    const { legs } = (await product.view(id)).input
    return ports.every((_, leg) => (legs[leg]?.counters["datagrams"] ?? 0) >= (sent[first + leg] ?? 0))
  }
  let first = 0
  for (const stage of stages) {
    const from = first
    await eventually(
      `all datagrams of "${stage.scenario.name}" are counted`,
      async () => ((await counted(stage, from)) ? true : null),
      5000,
    )
    first += stage.ports.length
  }
  const sizes = () => stages.map(({ udp, srt }) => `${udp.size}/${srt?.size ?? 0}`).join()
  let [last, since] = [sizes(), performance.now()]
  await eventually("the outputs are quiet", () => {
    const now = sizes()
    if (now !== last) [last, since] = [now, performance.now()]
    return performance.now() - since > QUIET_MS ? true : null
  })
}

/** The events of a channel, oldest first. */
export const channelEvents = async (product: Product, id: string): Promise<ReadonlyArray<ChannelEventView>> => {
  const { body } = await product.api<{ readonly events: ReadonlyArray<ChannelEventView> }>(
    "GET",
    `/api/channels/${id}/events`,
  )
  return [...body.events].sort((a, b) => a.id - b.id)
}

/**
 * Lateness in us above which the machine held the sender up, so that the schedules differ from those asked for; the most
 * that a scenario stands.
 */
export const LATE_MAX_US = 30_000
const ATTEMPTS = 6
/** No attempt begins later than this, in ms. */
const ATTEMPTS_WITHIN_MS = 100_000

const lateOf = ({ lateUs }: Outcome): number => Math.max(0, ...lateUs.flat())

/**
 * Plays the scenarios, and plays those again whose legs the machine was too busy to send in time: of each the least late
 * attempt counts. The channels are removed afterwards. Rejects only when something does not start or the sender fails:
 * outcomes are the tests' to judge.
 */
export const play = async (
  product: Product,
  scenarios: ReadonlyArray<Scenario>,
): Promise<ReadonlyMap<string, Outcome>> => {
  const began = performance.now()
  const least = new Map<string, Outcome>()
  let late = scenarios
  for (let attempt = 1; attempt <= ATTEMPTS && late.length > 0; attempt++) {
    if (attempt > 1 && performance.now() - began > ATTEMPTS_WITHIN_MS) break
    for (const [name, outcome] of await playOnce(product, late)) {
      const before = least.get(name)
      if (before === undefined || lateOf(outcome) < lateOf(before)) least.set(name, outcome)
    }
    late = late.filter(({ name, lateMaxUs = LATE_MAX_US }) => {
      const outcome = least.get(name)
      return outcome === undefined || lateOf(outcome) >= lateMaxUs
    })
  }
  return least
}

const playOnce = async (
  product: Product,
  scenarios: ReadonlyArray<Scenario>,
): Promise<ReadonlyMap<string, Outcome>> => {
  const stages: Stage[] = []
  try {
    for (const scenario of scenarios) stages.push(await setUp(product, scenario))
    const legs = stages.flatMap(({ scenario, ports }) =>
      ports.map((port, leg) => ({ port, datagrams: scenario.legs[leg]?.datagrams ?? [] })),
    )
    let isSending = true
    let startedAt = Number.POSITIVE_INFINITY
    const sampling = (async () => {
      while (isSending) {
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
        for (const { id, during } of stages) {
          const sample = { at: performance.now() - startedAt, view: await product.view(id) }
          if (isSending && sample.at >= 0) during.push(sample)
        }
      }
    })()
    const sending = await sendSchedules(legs, { onStart: () => (startedAt = performance.now()) }).finally(
      () => (isSending = false),
    )
    const events = await Promise.all(stages.map(({ id }) => channelEvents(product, id)))
    await sampling
    await settled(product, stages, sending)
    const outcomes = new Map<string, Outcome>()
    let leg = 0
    for (const [index, { scenario, id, udp, srt, during }] of stages.entries()) {
      const after = await product.view(id)
      const told = events[index] ?? []
      const lateUs = sending.late_us.slice(leg, leg + scenario.legs.length)
      leg += scenario.legs.length
      outcomes.set(scenario.name, {
        udp: udp.bytes(),
        srt: srt?.bytes() ?? null,
        during,
        after,
        events: told,
        sending,
        lateUs,
      })
    }
    return outcomes
  } finally {
    for (const { id, udp, srt } of stages) {
      await product.api("DELETE", `/api/channels/${id}`)
      udp.close()
      await srt?.stop("SIGKILL")
    }
  }
}
