/** Looks at everything once a second while a soak runs, and notes it. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { rssBytes } from "../bench/proc.ts"
import { DATAGRAM_BYTES } from "../lib/pattern.ts"
import { StreamCheck, type StreamReport } from "../lib/stream-check.ts"
import type { Sample } from "../lib/trend.ts"
import type { Fault, FaultKind, Series, SoakRecord, StreamFacts } from "./record.ts"
import type { Stage } from "./stage.ts"

type Figures = Pick<
  StreamReport,
  "received" | "lost" | "corrupt" | "foreign" | "duplicated" | "out_of_order" | "cc_errors"
>
const wrongOf = (f: Figures): number => f.corrupt + f.foreign + f.duplicated + f.out_of_order
/** Where the stream is no pattern, a missing packet shows as an error of the continuity counter. */
const lostOf = (f: Figures): number => f.lost + f.cc_errors
const NONE: Figures = { received: 0, lost: 0, corrupt: 0, foreign: 0, duplicated: 0, out_of_order: 0, cc_errors: 0 }

/** What of each process is followed, and how much it may grow in an hour. */
const FOLLOWED = [
  { of: "resident memory", unit: "kB", mostPerHour: 1500, read: (pid: number) => rssBytes(pid) / 1024 },
  { of: "descriptors", unit: "descriptors", mostPerHour: 3, read: (pid: number) => count(`/proc/${pid}/fd`) },
  { of: "threads", unit: "threads", mostPerHour: 1, read: (pid: number) => count(`/proc/${pid}/task`) },
] as const

const count = (folder: string): number => {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}

export class Watch {
  readonly #stage: Stage
  readonly #began: number
  readonly #streams: StreamFacts[] = []
  readonly #open = new Map<string, { fact: StreamFacts; at: number }>()
  readonly #before = new Map<string, Figures>()
  readonly #recordings = new Map<string, { readonly check: StreamCheck; endS: number }>()
  readonly #series = new Map<string, Omit<Series, "samples"> & { samples: Sample[] }>()
  readonly faults: Fault[] = []
  readonly failures: Array<{ at: number; what: string }> = []
  readonly deaths: Array<{ at: number; what: string }> = []
  readonly fallen: Array<{ at: number; name: string; was: number; is: number }> = []
  #counters = new Map<string, number>()
  internalErrors: Record<string, number> = {}
  #looked = 0
  ownLosses = 0
  scrapes = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.#began = performance.now()
  }

  /** Seconds since the start. */
  get now(): number {
    return (performance.now() - this.#began) / 1000
  }

  note(kind: FaultKind): void {
    this.faults.push({ at: this.now, kind })
  }

  fail(what: string): void {
    this.failures.push({ at: this.now, what })
  }

  /** Whether a fault of this kind was within the last seconds. */
  lately(kind: FaultKind, seconds: number): boolean {
    return this.faults.some((fault) => fault.kind === kind && this.now - fault.at < seconds)
  }

  async look(): Promise<void> {
    const from = this.#looked
    const [packets, cues, network] = await Promise.all([
      this.#stage.sink.report(),
      this.#stage.cueSink.report(),
      this.#stage.network.report(),
    ])
    const to = this.now
    this.#looked = to
    this.#take("", packets.streams ?? [], from, to)
    this.#take("cues ", cues.streams ?? [], from, to)
    this.ownLosses = network.missed + network.late + packets.kernel_drops + cues.kernel_drops
  }

  #take(prefix: string, reports: ReadonlyArray<StreamReport>, from: number, to: number): void {
    for (const [i, report] of reports.entries())
      this.#facts(`${prefix}${i} ${report.stream}`, `${prefix}${report.stream}`, report, from, to)
  }

  /** Notes what is new of a stream; intervals in which nothing was wrong are brought together. */
  #facts(key: string, stream: string, figures: Figures, from: number, to: number): void {
    const before = this.#before.get(key) ?? NONE
    this.#before.set(key, { ...figures })
    const received = figures.received - before.received
    const [lost, wrong] = [lostOf(figures) - lostOf(before), wrongOf(figures) - wrongOf(before)]
    const last = this.#open.get(stream)
    if (lost === 0 && wrong === 0 && last !== undefined) {
      const fact = { ...last.fact, to, received: last.fact.received + received }
      this.#streams[last.at] = fact
      this.#open.set(stream, { fact, at: last.at })
      return
    }
    const fact = { stream, from, to, received, lost, wrong }
    this.#streams.push(fact)
    if (lost === 0 && wrong === 0) this.#open.set(stream, { fact, at: this.#streams.length - 1 })
    else this.#open.delete(stream)
  }

  /**
   * Checks the recordings that are whole, and takes them away; with `all` those that are being written as well. What is
   * missing in a file was lost between the ends of the one before and of its own.
   */
  readFiles(all = false): void {
    const folder = this.#stage.recordings
    for (const name of count(folder) === 0 ? [] : readdirSync(folder)) {
      const recording = this.#recordings.get(name) ?? { check: new StreamCheck(name), endS: 0 }
      this.#recordings.set(name, recording)
      // By the machine's clock: the one that names the files is set ahead and back.
      const files = readdirSync(join(folder, name))
        .filter((file) => file.endsWith(".ts"))
        .map((file) => ({ path: join(folder, name, file), writtenMs: statSync(join(folder, name, file)).mtimeMs }))
        .sort((a, b) => a.writtenMs - b.writtenMs)
      for (const { path, writtenMs } of all ? files : files.slice(0, -1)) {
        const endS = this.now - (Date.now() - writtenMs) / 1000
        const bytes = readFileSync(path)
        for (let at = 0; at < bytes.length; at += DATAGRAM_BYTES)
          recording.check.push(bytes.subarray(at, at + DATAGRAM_BYTES), 0)
        rmSync(path)
        this.#facts(`file ${name}`, `file ${name}`, recording.check.report(), recording.endS, endS)
        recording.endS = endS
      }
    }
  }

  /** Samples the product's processes and its store. */
  sample(processes: ReadonlyArray<{ readonly role: string; readonly pid: number }>): void {
    for (const { pid, role } of processes)
      for (const { mostPerHour, of, read, unit } of FOLLOWED)
        this.#add(`${role} ${pid} ${of}`, { what: `${of} of the ${role} (${pid})`, unit, mostPerHour }, read(pid))
    const { dataDirOutside: dataDir } = this.#stage.machine
    const store = readdirSync(dataDir)
      .filter((name) => name.startsWith("distributor.db"))
      .reduce((sum, name) => sum + (statSync(join(dataDir, name), { throwIfNoEntry: false })?.size ?? 0), 0)
    this.#add("store", { what: "size of the store", unit: "kB", mostPerHour: 20_000 }, store / 1024)
  }

  #add(key: string, what: Omit<Series, "samples">, value: number): void {
    if (value <= 0) return
    const series = this.#series.get(key) ?? { ...what, samples: [] }
    series.samples.push({ at: this.now, value })
    this.#series.set(key, series)
  }

  /** Takes a scrape: counters must not fall, and internal errors must not be counted. */
  scrape(text: string): void {
    this.scrapes += 1
    const counters = new Map<string, number>()
    for (const line of text.split("\n")) {
      const match = /^([a-z_0-9]+_total(?:\{.*\})?) (\S+)/.exec(line)
      if (match?.[1] === undefined) continue
      const value = Number(match[2])
      counters.set(match[1], value)
      const was = this.#counters.get(match[1])
      if (was !== undefined && value < was) this.fallen.push({ at: this.now, name: match[1], was, is: value })
      if (/_engine_faults_total/.test(match[1]))
        this.internalErrors[match[1]] = Math.max(this.internalErrors[match[1]] ?? 0, value)
    }
    this.#counters = counters
  }

  record(): SoakRecord {
    const { deaths, failures, fallen, faults, internalErrors, ownLosses, scrapes } = this
    const series = [...this.#series.values()]
    return {
      seconds: this.now,
      streams: this.#streams,
      faults,
      series,
      fallen,
      internalErrors,
      deaths,
      failures,
      ownLosses,
      scrapes,
    }
  }
}
