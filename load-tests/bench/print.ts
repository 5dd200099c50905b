/** The tables `npm run bench` prints. */
import type { Measured } from "./measure.ts"
import type { RtmpMeasured } from "./measure-rtmp.ts"
import { median, type Verdict } from "./targets.ts"

/** Columns of equal width; numbers to the right. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)))
  const line = (cells: ReadonlyArray<string>) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

/** `engine 0.221 + control 0.012`; one role needs no name. */
const coresOf = (results: ReadonlyArray<Measured>): string => {
  const roles = Object.keys(results[0]?.cores ?? {})
  const used = roles.map((role) => median(results.map((result) => result.cores[role] ?? 0)).toFixed(3))
  return roles.length === 1 ? (used[0] ?? "") : roles.map((role, i) => `${role} ${used[i] ?? ""}`).join(" + ")
}

/** Table with a row for each part: medians over the runs, and the worst loss and gap. */
export const resultTable = (results: ReadonlyArray<Measured>): string => {
  const parts = [...new Set(results.map((result) => result.part))]
  const rows = parts.map((part) => {
    const runs = results.filter((result) => result.part === part)
    const mid = (pick: (result: Measured) => number, digits: number) => median(runs.map(pick)).toFixed(digits)
    const sum = (pick: (result: Measured) => number) => runs.reduce((total, result) => total + pick(result), 0)
    const first = runs[0]
    const lost = part === "ffmpeg" ? `${sum((r) => r.cc_errors)} cc` : String(sum((r) => r.lost))
    return [
      part,
      `${first?.channels ?? 0}x${first === undefined ? 0 : first.outputs / first.channels}`,
      mid((r) => r.cpu_us_per_packet, 2),
      mid((r) => r.cpu_percent_per_output, 3),
      coresOf(runs),
      mid((r) => r.rss_mib, 0),
      mid((r) => r.pss_mib, 0),
      lost,
      String(sum((r) => r.corrupt + r.duplicated + r.out_of_order)),
      // Only UDP has the kernel's receive stamp; the delay that SRT adds is its latency by design.
      ...(part === "ours-udp" || part === "c-udp" || part === "ours-udp-asked"
        ? [mid((r) => r.delay_us.p50 / 1000, 2), mid((r) => r.delay_us.p99 / 1000, 2)]
        : ["-", "-"]),
      mid((r) => r.gap_max_ms, 0),
      mid((r) => r.sink_cores + r.sender_cores, 2),
      mid((r) => r.steal_cores * 100, 1),
    ]
  })
  const head = ["part", "ch x out", "us/packet", "%/output", "cores", "RSS MiB", "PSS MiB", "lost", "faulty"]
  return table([...head, "delay p50 ms", "p99", "gap max ms", "helper cores", "steal %"], rows)
}

/** Table of the results of RTMP outputs. */
export const rtmpTable = (results: ReadonlyArray<RtmpMeasured>): string => {
  const parts = [...new Set(results.map(({ part }) => part))]
  const rows = parts.map((part) => {
    const runs = results.filter((result) => result.part === part)
    const mid = (pick: (result: RtmpMeasured) => number, digits: number) => median(runs.map(pick)).toFixed(digits)
    return [
      part,
      String(runs[0]?.outputs ?? 0),
      mid((r) => r.cpu_percent_per_output, 3),
      mid((r) => r.rss_mib_per_output, 1),
      mid((r) => r.received_min / 1e6, 2),
      mid((r) => r.received_max / 1e6, 2),
      mid((r) => r.steal_cores * 100, 1),
    ]
  })
  return table(["part", "outputs", "%/output", "MiB/output", "received min Mbit/s", "max", "steal %"], rows)
}

export const verdictTable = (verdicts: ReadonlyArray<Verdict>): string =>
  table(
    ["target", "limit", "measured", "result"],
    verdicts.map(({ target, limit, measured, result }) => [target, limit, measured, result]),
  )
