/**
 * A channel with two legs, a UDP output and SRT outputs with real receivers, and everything that a test asks of it
 * before and after a switch.
 */
import { expect } from "vitest"
import type { ChannelView, InputSettings, LegView, OutputView, SourceName } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import { analyseDatagrams, analyseStrictly, type Segment, type StrictReport } from "../strict-analyser.ts"
import { type Feed, type FeedLeg, type LegOptions, type ProgrammeName, programmeAt } from "./channel-feed.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, type Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"

/** Longest distance between two access points of a test programme, in ms. */
export const GOP_MS = 2000
/**
 * Time that processes on a busy machine may add to a time that is measured across them, in ms: beside four busy loops
 * it was seen to be 810.
 */
export const MARGIN_MS = 1500
/**
 * SRT latency in ms, longer than a busy machine keeps a process waiting: a late packet is dropped, and would look like
 * a fault of the switch.
 */
const SRT_LATENCY_MS = 1000
/** Video PID of the test programmes. */
const VIDEO_PID = 481

export interface StageOptions {
  readonly name: string
  readonly input?: InputSettings
  /** Programme of the backup. When left out, it is B on a leg of its own; `null` means no backup. */
  readonly backup?: ProgrammeName | null
  readonly primaryLeg?: Partial<LegOptions>
  readonly backupLeg?: Partial<LegOptions>
  /** SRT outputs beside the UDP one, each of which a srt-live-transmit receives. */
  readonly srt?: ReadonlyArray<"listener" | "caller">
  /** Another process that feeds the primary. */
  readonly primaryFeed?: Feed
}

export type Events = ReadonlyArray<ChannelEventView>

export const eventsOf = async (product: Product, channel: string, kind?: string): Promise<Events> => {
  const query = kind === undefined ? "" : `?kind=${kind}`
  const { body, status } = await product.api<{ events: Events }>("GET", `/api/channels/${channel}/events${query}`)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.events
}

/** Programme of the first and the last picture of a segment, and how long that programme had run. */
export const picturesOf = (segment: Segment | undefined) => {
  const facts = segment?.streams.get(VIDEO_PID)
  return { first: programmeAt(facts?.firstPts), last: programmeAt(facts?.lastPts) }
}

/** Programmes whose pictures each segment shows. */
export const namesOf = (report: StrictReport): ReadonlyArray<string> =>
  report.segments.map((s) => picturesOf(s).first?.name ?? "none")

export class FailoverStage {
  readonly product: Product
  readonly channel: ChannelView
  readonly primary: FeedLeg
  readonly backup: FeedLeg | null
  readonly udp: UdpReceiver
  readonly srt: ReadonlyArray<SrtReceiver>
  #before: ReadonlyArray<OutputView> = []

  private constructor(parts: {
    product: Product
    channel: ChannelView
    primary: FeedLeg
    backup: FeedLeg | null
    udp: UdpReceiver
    srt: ReadonlyArray<SrtReceiver>
  }) {
    this.product = parts.product
    this.channel = parts.channel
    this.primary = parts.primary
    this.backup = parts.backup
    this.udp = parts.udp
    this.srt = parts.srt
  }

  static async open(product: Product, feed: Feed, options: StageOptions): Promise<FailoverStage> {
    const primary = await (options.primaryFeed ?? feed).leg("A", options.primaryLeg ?? {})
    const backup = options.backup === null ? null : await feed.leg(options.backup ?? "B", options.backupLeg ?? {})
    const udp = await UdpReceiver.open()
    const wanted = await Promise.all((options.srt ?? []).map(async (mode) => ({ mode, port: await freeUdpPort() })))
    const listening = wanted
      .filter(({ mode }) => mode === "caller")
      .map(({ port }) => SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener`))
    const channel = await product.channel({
      name: options.name,
      rtp_ip: "127.0.0.1",
      rtp_port: primary.port,
      ...(backup === null ? {} : { backup_rtp_ip: "127.0.0.1", backup_rtp_port: backup.port }),
      input: options.input ?? {},
      outputs: [
        { url: `udp://127.0.0.1:${udp.port}` },
        ...wanted.map(({ mode, port }) => ({ url: `srt://127.0.0.1:${port}?mode=${mode}&latency=${SRT_LATENCY_MS}` })),
      ],
    })
    const calling = wanted
      .filter(({ mode }) => mode === "listener")
      .map(({ port }) => SrtReceiver.open(`srt://127.0.0.1:${port}`))
    const srt = await Promise.all([...listening, ...calling])
    return new FailoverStage({ product, channel, primary, backup, udp, srt })
  }

  view(): Promise<ChannelView> {
    return this.product.view(this.channel.id)
  }

  until<T>(what: string, found: (view: ChannelView) => T | null | undefined | false, ms = 10_000): Promise<T> {
    return this.product.until(`${this.channel.name}: ${what}`, this.channel.id, found, ms)
  }

  /**
   * Waits until the outputs run, and until every leg that should exist is known well enough to be switched to, its
   * access points included.
   */
  async ready(ms = 20_000): Promise<void> {
    const isKnown = (leg: LegView) => leg.receiving && leg.access_point_interval_ms !== null
    const view = await this.until(
      "all legs and outputs are ready",
      (v) =>
        v.status === "running" &&
        v.input.legs.every(isKnown) &&
        (this.backup === null || v.input.redundancy === "ok") &&
        v.outputs.every((o) => o.status === "connected") &&
        v,
      ms,
    )
    await Promise.all(this.srt.map((receiver) => receiver.atLeast(1)))
    this.#before = view.outputs
  }

  async switchTo(source: SourceName): Promise<ChannelView> {
    const answer = await this.product.api<ChannelView>("POST", `/api/channels/${this.channel.id}/switch`, { source })
    expect([answer.status, answer.body]).toEqual([200, expect.anything()])
    return answer.body
  }

  events(kind?: string): Promise<Events> {
    return eventsOf(this.product, this.channel.id, kind)
  }

  /** Waits until there are `count` events of a kind, and returns the newest. */
  event(kind: string, count = 1, ms = 10_000): Promise<ChannelEventView> {
    return eventually(
      `${this.channel.name}: ${count} events ${kind}`,
      async () => {
        const found = await this.events(kind)
        return found.length >= count ? found[0] : null
      },
      ms,
    )
  }

  /**
   * Waits until pictures of a programme come out of the UDP output, and `more` seconds of them. Returns the time of the
   * first datagram with them.
   */
  async shows(programme: ProgrammeName, more = 1, ms = 10_000): Promise<number> {
    let read = this.udp.datagrams.length
    const found = await eventually(
      `${this.channel.name}: programme ${programme} on the UDP output`,
      () => {
        const fresh = this.udp.datagrams.slice(read)
        read = this.udp.datagrams.length
        return fresh.find(({ data }) => programmesIn(data).includes(programme)) ?? null
      },
      ms,
    )
    const enough = found.at + more * 1000
    await eventually(
      `${more} s more`,
      () => ((this.udp.datagrams.at(-1)?.at ?? 0) >= enough ? true : null),
      more * 1000 + 5000,
    )
    return found.at
  }

  report(): StrictReport {
    return analyseDatagrams(this.udp.datagrams)
  }

  /**
   * Checks what the SRT receivers got: each stream must be as clean as that of the UDP output and show the same
   * programmes.
   */
  async checkReceivers(names: ReadonlyArray<string>): Promise<void> {
    for (const receiver of this.srt) {
      await eventually(
        "the last programme is received by SRT, too",
        () => namesOf(analyseStrictly(receiver.bytes())).length >= names.length || null,
      )
      const report = analyseStrictly(receiver.bytes())
      expect(report.violations).toEqual([])
      expect(namesOf(report)).toEqual(names)
    }
  }

  /** Checks that every output has kept its one connection since `ready`. */
  async checkOutputsStayed(): Promise<void> {
    const { outputs } = await this.view()
    for (const [index, output] of outputs.entries()) {
      const before = this.#before[index]
      expect(output).toMatchObject({
        status: "connected",
        reconnects: 0,
        error_count: 0,
        last_error: null,
        packets_dropped: 0,
      })
      expect(output.uptime).toBeGreaterThan((before?.uptime ?? 0) + 0.5)
      expect(output.receivers.map(({ peer }) => peer)).toEqual(before?.receivers.map(({ peer }) => peer))
    }
    for (const { program } of this.srt) {
      expect(program.child.exitCode).toBeNull()
      expect(program.errors).not.toMatch(/disconnected|reconnect|broken|error/i)
    }
  }

  /** Stops everything; what was received stays readable. */
  async close(): Promise<void> {
    await this.product.api("DELETE", `/api/channels/${this.channel.id}`)
    await Promise.all([this.primary.end().catch(() => 0), this.backup?.end().catch(() => 0)])
    await Promise.all(this.srt.map((receiver) => receiver.stop("SIGKILL")))
    this.udp.close()
  }
}

/** Programmes whose video PES begins in a datagram, recognised by PTS alone. */
const programmesIn = (data: Buffer): ReadonlyArray<ProgrammeName> => {
  const found: ProgrammeName[] = []
  for (let at = 0; at + 188 <= data.length; at += 188) {
    if ((data.readUInt16BE(at + 1) & 0x5fff) !== (0x4000 | VIDEO_PID)) continue
    const payload = at + 4 + ((data[at + 3] ?? 0) & 0x20 ? 1 + (data[at + 4] ?? 0) : 0)
    const byte = (i: number) => data[payload + 9 + i] ?? 0
    const pts =
      ((byte(0) >> 1) & 7) * 2 ** 30 + byte(1) * 2 ** 22 + (byte(2) >> 1) * 2 ** 15 + byte(3) * 2 ** 7 + (byte(4) >> 1)
    const name = programmeAt(pts)?.name
    if (name !== undefined) found.push(name)
  }
  return found
}
