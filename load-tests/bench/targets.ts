/** The targets of the design, judged on the medians of the runs. */
import type { Measured } from "./measure.ts"
import type { RtmpMeasured } from "./measure-rtmp.ts"

export interface Verdict {
  readonly target: string
  readonly limit: string
  readonly measured: string
  readonly result: "pass" | "MISS" | "not measured"
}

/** Middle of the values; mean of the two middle ones. NaN when empty. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

const fixed = (value: number, digits = 2) => value.toFixed(digits)

/** Every row that could be judged from these results, and what could not. */
export const judge = (results: ReadonlyArray<Measured>): ReadonlyArray<Verdict> => {
  const of = (part: string) => results.filter((result) => result.part === part)
  const cpu = (part: string) => median(of(part).map((result) => result.cpu_us_per_packet))
  const verdict = (target: string, limit: string, value: number, measured: string, passes: boolean): Verdict => ({
    target,
    limit,
    measured: Number.isNaN(value) ? "-" : measured,
    result: Number.isNaN(value) ? "not measured" : passes ? "pass" : "MISS",
  })
  const ratio = (target: string, limit: number, ours: string, theirs: string) => {
    const value = cpu(ours) / cpu(theirs)
    return verdict(
      target,
      `<= ${fixed(limit)}`,
      value,
      `${fixed(value)} (${fixed(cpu(ours))} / ${fixed(cpu(theirs))} us)`,
      value <= limit,
    )
  }
  const compared = ["ours", "ours-srt-in", "ours-aes", "ours-udp", "ours-udp-asked", "memory", "capacity"].flatMap(of)
  const bad = compared.reduce((sum, r) => sum + r.lost + r.corrupt + r.duplicated + r.out_of_order, 0)
  const memory = median(of("memory").map((result) => result.pss_mib))
  const p50 = median(of("ours-udp").map((result) => result.delay_us.p50)) / 1000
  const p99 = median(of("ours-udp").map((result) => result.delay_us.p99)) / 1000
  const asked = of("ours-udp-asked")
  const askedP50 = median(asked.map((result) => result.delay_us.p50)) / 1000
  const askedP99 = median(asked.map((result) => result.delay_us.p99)) / 1000
  const capacity = of("capacity")
  const engine = median(capacity.map((result) => result.cores["engine"] ?? Number.NaN))
  const drops = capacity.reduce(
    (sum, result) => sum + (result.own?.input_drops ?? 0) + (result.own?.failed_sends ?? 0),
    0,
  )
  const load = capacity.map(({ channels, outputs }) => `${channels}x${outputs / channels}`)[0] ?? "50x2"
  return [
    ratio("CPU per SRT output / one ffmpeg -c copy per output", 0.15, "ours", "ffmpeg"),
    ratio("CPU per SRT output / one srt-live-transmit per output", 0.33, "ours", "srt-live-transmit"),
    ratio("CPU per SRT output / C relay on libsrt", 0.45, "ours", "c-relay"),
    ratio("CPU per SRT output, AES-128 / plain", 1.3, "ours-aes", "ours"),
    ratio("CPU per UDP output / C sendmmsg relay", 1.5, "ours-udp", "c-udp"),
    verdict(
      "memory, 25 channels x 4 outputs, all processes",
      "<= 250 MiB",
      memory,
      `${fixed(memory, 0)} MiB`,
      memory <= 250,
    ),
    verdict("added delay, UDP in to UDP out, p50", "<= 1 ms", p50, `${fixed(p50)} ms`, p50 <= 1),
    verdict("added delay, UDP in to UDP out, p99", "<= 5 ms", p99, `${fixed(p99)} ms`, p99 <= 5),
    verdict(
      "the same at 500 reads/s, 50 WebSockets, a scrape a second: p50",
      "<= 1 ms",
      askedP50,
      `${fixed(askedP50)} ms`,
      askedP50 <= 1,
    ),
    verdict(
      "the same at 500 reads/s, 50 WebSockets, a scrape a second: p99",
      "<= 5 ms",
      askedP99,
      `${fixed(askedP99)} ms`,
      askedP99 <= 5,
    ),
    verdict(
      "packets of ours lost, altered, doubled or out of order",
      "0",
      compared.length > 0 ? bad : Number.NaN,
      String(bad),
      bad === 0,
    ),
    verdict(`engine at ${load} SRT outputs`, "<= 0.6 core", engine, `${fixed(engine)} core`, engine <= 0.6),
    verdict(`engine's input drops and failed sends at ${load}`, "0", engine, String(drops), drops === 0),
  ]
}

/**
 * RTMP outputs of one channel against one ffmpeg for each: with all that runs anyway shared among them, and what one
 * more costs.
 */
export const judgeRtmp = (results: ReadonlyArray<RtmpMeasured>): ReadonlyArray<Verdict> => {
  const row = (
    target: string,
    limit: number,
    pick: (result: RtmpMeasured) => number,
    unit: string,
  ): ReadonlyArray<Verdict> => {
    const of = (part: string) => results.filter((result) => result.part === part)
    const total = (part: string) => median(of(part).map((result) => pick(result) * result.outputs))
    const outputs = of("ours-rtmp")[0]?.outputs ?? Number.NaN
    const theirs = median(of("ffmpeg-rtmp").map(pick))
    const verdict = (what: string, ours: number): Verdict => {
      const value = ours / theirs
      return {
        target: `${target}, ${what}`,
        limit: `<= ${fixed(limit)}`,
        measured: Number.isNaN(value) ? "-" : `${fixed(value, 3)} (${fixed(ours, 3)} / ${fixed(theirs, 3)} ${unit})`,
        result: Number.isNaN(value) ? "not measured" : value <= limit ? "pass" : "MISS",
      }
    }
    return [
      verdict(`one more of ${outputs}`, (total("ours-rtmp") - total("ours-rtmp-1")) / (outputs - 1)),
      verdict(`service and engine shared by ${outputs}`, total("ours-rtmp") / outputs),
    ]
  }
  return [
    ...row("CPU per RTMP output / one ffmpeg", 0.25, (r) => r.cpu_percent_per_output, "%"),
    ...row("memory per RTMP output / one ffmpeg", 0.05, (r) => r.rss_mib_per_output, "MiB"),
  ]
}
