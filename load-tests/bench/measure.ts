/**
 * One window of measurement: sink, peer and sender up, a warm-up, then CPU, memory, loss and delay over the same
 * seconds.
 */
import type { Load, OwnCounters, Peer, RunningPeer } from "./peer.ts"
import { cpuSeconds, pssBytes, rssBytes, stealSeconds } from "./proc.ts"
import { type ControlledSink, freeUdpPorts, type Started, sleep, startSink, startTool } from "./processes.ts"

export interface Measured {
  readonly part: string
  readonly channels: number
  readonly outputs: number
  readonly seconds: number
  /** Output packets that were due in the window: outputs x input datagrams. */
  readonly packets: number
  readonly cpu_us_per_packet: number
  /** CPU in percent of one core per output. */
  readonly cpu_percent_per_output: number
  /** Cores used, by role. */
  readonly cores: Readonly<Record<string, number>>
  readonly rss_mib: number
  /** Memory in MiB with pages that processes share counted once. */
  readonly pss_mib: number
  readonly received: number
  /** Pattern datagrams missing at the sink. */
  readonly lost: number
  readonly corrupt: number
  readonly duplicated: number
  readonly out_of_order: number
  readonly cc_errors: number
  readonly sink_kernel_drops: number
  readonly gap_max_ms: number
  readonly delay_us: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly own: OwnCounters | null
  /** Report of api-load.ts; null without it. */
  readonly asked: Readonly<Record<string, number>> | null
  /** Cores used by the helpers, to see whether the machine was the limit. */
  readonly sink_cores: number
  readonly sender_cores: number
  readonly sender_late_max_us: number
  /** Cores the hypervisor gave to others during the window. */
  readonly steal_cores: number
}

export interface Work {
  readonly part: string
  readonly peer: Peer
  readonly channels: number
  readonly bitrate: number
  readonly srtOutputs: number
  readonly udpOutputs: number
  readonly warmupS: number
  readonly windowS: number
  /** Engines of the product; 1 when left out. */
  readonly engines?: number
  /** SRT outputs are encrypted with AES-128 by this passphrase; left out for plain ones. */
  readonly passphrase?: string
  /** Arguments of api-load.ts, which then runs all the time. */
  readonly asked?: ReadonlyArray<string | number>
}

const READY_S = 25
const PACKET_BITS = 1316 * 8
const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits

const cpuByRole = (pids: ReadonlyArray<{ pid: number; role: string }>): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const { pid, role } of pids) sums.set(role, (sums.get(role) ?? 0) + (cpuSeconds(pid) ?? 0))
  return sums
}

const lateOf = (sender: Started): number => {
  try {
    return (JSON.parse(sender.output()) as { late_max_us: number }).late_max_us
  } catch {
    return -1
  }
}

/** What a peer is to carry, on free ports. */
export const loadOf = async ({
  bitrate,
  channels,
  engines,
  passphrase,
  srtOutputs,
  udpOutputs,
}: Pick<Work, keyof Work & keyof Load>): Promise<Load> => {
  const inputPort = await freeUdpPorts(channels * 2 + 2 + channels * udpOutputs)
  const udpPort = inputPort + channels * 2 + 1
  const srtPort = udpPort + channels * udpOutputs
  const ports = { inputPort, srtPort, udpPort }
  const keys = passphrase === undefined ? {} : { passphrase }
  return { channels, bitrate, ...ports, srtOutputs, udpOutputs, engines: engines ?? 1, ...keys }
}

/** Starts the sink that all outputs of the load are sent to. */
export const startSinkOf = (
  verify: Peer["verify"],
  { channels, passphrase, srtOutputs, srtPort, udpOutputs, udpPort }: Load,
) =>
  startSink([
    "--verify",
    verify,
    "--no-tsbpd",
    ...(srtOutputs > 0 ? ["--srt-listen", srtPort] : []),
    ...(passphrase === undefined ? [] : ["--passphrase", passphrase, "--pbkeylen", 16]),
    ...(udpOutputs > 0 ? ["--udp", `${udpPort}:${channels * udpOutputs}`] : []),
  ])

/** Starts the sender of all channels of the load. */
export const startSender = (input: Peer["input"], { bitrate, channels, inputPort }: Load): Started =>
  startTool("rtp-sender", [
    ...["--base-port", inputPort, "--port-step", 2, "--channels", channels],
    ...["--bitrate", bitrate, "--slots", 8],
    ...(input === "udp" ? ["--udp"] : []),
  ])

/** Waits until all outputs arrive. Throws with the peer's own words when they do not within `READY_S`. */
export const untilLive = async (sink: ControlledSink, outputs: number, running: RunningPeer): Promise<void> => {
  for (let waited = 0; ; waited += 0.5) {
    const { streams = [] } = await sink.report()
    const live = streams.filter((stream) => stream.messages > 0).length
    if (live >= outputs) return
    if (waited >= READY_S)
      throw new Error(`${live} of ${outputs} outputs after ${READY_S} s: ${running.errors().slice(-1500)}`)
    await sleep(0.5)
  }
}

/** What was read at both ends of a window. */
const observe = async (running: RunningPeer, sink: ControlledSink, sender: Started, windowS: number) => {
  const ownBefore = await running.counters()
  const pids = running.pids()
  await sink.reset()
  const before = { at: performance.now(), cpu: cpuByRole(pids), stolen: stealSeconds() }
  const helpersBefore = [sink.started, sender].map(({ pid }) => cpuSeconds(pid) ?? 0)
  await sleep(windowS)
  const after = { at: performance.now(), cpu: cpuByRole(pids), stolen: stealSeconds() }
  const { totals, kernel_drops } = await sink.report()
  const helpers = [sink.started, sender].map(({ pid }, i) => (cpuSeconds(pid) ?? 0) - (helpersBefore[i] ?? 0))
  const rss = pids.reduce((sum, { pid }) => sum + rssBytes(pid), 0)
  const pss = pids.reduce((sum, { pid }) => sum + pssBytes(pid), 0)
  return { before, after, totals, kernel_drops, helpers, rss, pss, ownBefore, ownAfter: await running.counters() }
}

const ownIn = (before: OwnCounters | null, after: OwnCounters | null): OwnCounters | null =>
  before === null || after === null
    ? null
    : {
        input_drops: after.input_drops - before.input_drops,
        failed_sends: after.failed_sends - before.failed_sends,
      }

/** `asking` and `sender` have been stopped. */
const measuredOf = (
  { bitrate, channels, part, srtOutputs, udpOutputs }: Work,
  { after, before, helpers, kernel_drops, ownAfter, ownBefore, pss, rss, totals }: Awaited<ReturnType<typeof observe>>,
  sender: Started,
  asking: Started | null,
): Measured => {
  const outputs = channels * (srtOutputs + udpOutputs)
  const seconds = (after.at - before.at) / 1000
  const packets = (seconds * bitrate * outputs) / PACKET_BITS
  const cores = Object.fromEntries(
    [...after.cpu].map(([role, cpu]) => [role, round((cpu - (before.cpu.get(role) ?? 0)) / seconds, 4)]),
  )
  const cpu = Object.values(cores).reduce((sum, used) => sum + used, 0) * seconds
  return {
    part,
    channels,
    outputs,
    seconds: round(seconds, 3),
    packets: Math.round(packets),
    cpu_us_per_packet: round((cpu * 1e6) / packets, 3),
    cpu_percent_per_output: round((cpu / seconds / outputs) * 100, 3),
    cores,
    rss_mib: round(rss / 1048576, 1),
    pss_mib: round(pss / 1048576, 1),
    received: totals.received,
    lost: totals.lost,
    corrupt: totals.corrupt,
    duplicated: totals.duplicated,
    out_of_order: totals.out_of_order,
    cc_errors: totals.cc_errors,
    sink_kernel_drops: kernel_drops,
    gap_max_ms: totals.gap_max_ms,
    delay_us: totals.delay_us,
    own: ownIn(ownBefore, ownAfter),
    asked: asking === null ? null : (JSON.parse(asking.output()) as Record<string, number>),
    sink_cores: round((helpers[0] ?? 0) / seconds, 3),
    sender_cores: round((helpers[1] ?? 0) / seconds, 3),
    sender_late_max_us: lateOf(sender),
    steal_cores: round((after.stolen - before.stolen) / seconds, 3),
  }
}

/** Measures one window. Throws with the peer's own words when outputs do not come up; always ends what it started. */
export const measure = async (work: Work): Promise<Measured> => {
  const { channels, peer, srtOutputs, udpOutputs } = work
  const load = await loadOf(work)
  const sink = await startSinkOf(peer.verify, load)
  const ends: Array<() => Promise<void>> = [() => sink.started.stop()]
  try {
    const running = await peer.start(load)
    ends.unshift(() => running.stop())
    const sender = startSender(peer.input, load)
    ends.unshift(() => sender.stop())
    await untilLive(sink, channels * (srtOutputs + udpOutputs), running)
    const asking = work.asked === undefined ? null : startTool("api-load", ["--url", running.url ?? "", ...work.asked])
    if (asking !== null) ends.unshift(() => asking.stop())
    await sleep(work.warmupS)
    const observed = await observe(running, sink, sender, work.windowS)
    await asking?.stop()
    await sender.stop()
    return measuredOf(work, observed, sender, asking)
  } finally {
    for (const end of ends) await end().catch(() => {})
  }
}
