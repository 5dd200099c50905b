/**
 * `npm run bench -- --engines 1,2`: the cost of a packet and the capacity with one engine and with several. The load
 * rises by steps until something is lost.
 */
import { type Measured, measure } from "./measure.ts"
import type { BenchOptions } from "./options.ts"
import { table } from "./print.ts"
import { sleep } from "./processes.ts"
import { product } from "./product.ts"

/** An engine carries no more. */
const CHANNELS_PER_ENGINE = 64
/** Loads, as multiples of the channels asked for. */
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16]

export interface EngineStep {
  readonly engines: number
  readonly measured: Measured
}

/** Share of the packets that were due which has to have arrived: SRT loses nothing, but what falls behind comes late. */
const ARRIVED = 0.97

type Outcome = Pick<Measured, "lost" | "own" | "packets" | "received" | "sink_kernel_drops">

/**
 * True when all went out in time and nothing was lost, by the product's own counters and at the sink, so far as that is
 * not the sink's own loss.
 */
export const isClean = ({ lost, own, packets, received, sink_kernel_drops }: Outcome): boolean =>
  (own?.input_drops ?? 0) + (own?.failed_sends ?? 0) === 0 &&
  (sink_kernel_drops > 0 || (lost === 0 && received >= ARRIVED * packets))

/** Output packets a second of the highest load that was carried whole; 0 when none was. */
export const capacityOf = (steps: ReadonlyArray<EngineStep>, engines: number): number =>
  Math.max(
    0,
    ...steps
      .filter((step) => step.engines === engines && isClean(step.measured))
      .map(({ measured: { packets, seconds } }) => packets / seconds),
  )

/** Climbs with each number of engines, in turn, so that a change of the machine's load meets all of them. */
export const runEngines = async (options: BenchOptions, counts: ReadonlyArray<number>) => {
  const { bitrate, channels, outputs, runs, warmupS, windowS } = options
  const steps: EngineStep[] = []
  const notes: string[] = []
  for (let repeat = 0; repeat < runs; repeat++) {
    const climbing = new Set(counts)
    for (const factor of STEPS)
      for (const engines of climbing) {
        if (channels * factor > engines * CHANNELS_PER_ENGINE) continue
        const load = { channels: channels * factor, srtOutputs: outputs, udpOutputs: 0, bitrate, warmupS, windowS }
        const part = `engines-${engines}`
        process.stderr.write(`run ${repeat + 1} of ${runs}: ${part}, ${load.channels} channels ...\n`)
        try {
          const measured = await measure({ ...load, part, peer: product, engines })
          steps.push({ engines, measured })
          if (!isClean(measured)) climbing.delete(engines)
        } catch (cause) {
          notes.push(
            `${part} with ${load.channels} channels: ended, ${cause instanceof Error ? cause.message : String(cause)}`,
          )
          climbing.delete(engines)
        }
        await sleep(0.5)
      }
  }
  const [first = 1] = counts
  for (const engines of counts)
    notes.push(
      `${engines} engine(s): ${Math.round(capacityOf(steps, engines))} output packets/s carried whole, ` +
        `${(capacityOf(steps, engines) / capacityOf(steps, first)).toFixed(2)} of ${first} engine(s)`,
    )
  return { steps, notes }
}

/** A row for each step of each number of engines. */
export const engineTable = (steps: ReadonlyArray<EngineStep>): string =>
  table(
    [
      "engines",
      "ch x out",
      "us/packet",
      "cores",
      "RSS MiB",
      "lost",
      "dropped",
      "gap max ms",
      "helper cores",
      "steal %",
    ],
    [...steps]
      .sort((a, b) => a.engines - b.engines)
      .map(({ engines, measured: m }) => [
        String(engines),
        `${m.channels}x${m.outputs / m.channels}`,
        m.cpu_us_per_packet.toFixed(2),
        Object.entries(m.cores)
          .map(([role, used]) => `${role} ${used.toFixed(2)}`)
          .join(" + "),
        m.rss_mib.toFixed(0),
        String(m.lost),
        String((m.own?.input_drops ?? 0) + (m.own?.failed_sends ?? 0)),
        ((m.received / m.packets) * 100).toFixed(1),
        m.gap_max_ms.toFixed(0),
        (m.sink_cores + m.sender_cores).toFixed(2),
        (m.steal_cores * 100).toFixed(1),
      ]),
  )
