/** The page that a soak ends with. */
import { cpus, release } from "node:os"
import type { Verdict } from "./judge.ts"
import type { SoakOptions } from "./options.ts"
import type { SoakRecord } from "./record.ts"

const number = (value: number, digits = 0) => value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, " ")
const MOST_FINDINGS = 40

/** What is said beside the record: what the network did, and faults that the machine did not allow. */
export interface Remarks {
  readonly network: string
  readonly leftOut: ReadonlyArray<string>
}

export const soakPage = (options: SoakOptions, record: SoakRecord, verdict: Verdict, remarks: Remarks): string => {
  const { leftOut, network } = remarks
  const { bitrate, channels, hurry, seed } = options
  const times = new Map<string, number>()
  for (const { kind } of record.faults) times.set(kind, (times.get(kind) ?? 0) + 1)
  // A full disk is noted when it is filled and when it is freed.
  times.set("disk filled", (times.get("disk filled") ?? 0) / 2)
  // The clock is set ahead, back and right.
  times.set("clock set", (times.get("clock set") ?? 0) / 3)
  const streams = new Map<string, { received: number; lost: number; wrong: number }>()
  for (const { lost, received, stream, wrong } of record.streams) {
    const sum = streams.get(stream) ?? { received: 0, lost: 0, wrong: 0 }
    streams.set(stream, { received: sum.received + received, lost: sum.lost + lost, wrong: sum.wrong + wrong })
  }
  const longest = new Map<string, Verdict["growth"][number]>()
  for (const growth of verdict.growth) {
    const role = growth.what.replace(/ \(\d+\)$/, "")
    if (growth.hours >= (longest.get(role)?.hours ?? 0)) longest.set(role, growth)
  }
  return [
    `soak: ${verdict.holds ? "HOLDS" : "DOES NOT HOLD"}`,
    `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, Linux ${release()}; seed ${seed}`,
    `${number(record.seconds / 3600, 2)} h, ${channels} channels of ${bitrate / 1e6} Mbit/s on two legs, and one with breaks${hurry === 1 ? "" : `; changes, receivers, pages and scrapes ${hurry} times as often`}`,
    `network: ${network}`,
    `faults: ${[...times].map(([kind, count]) => `${kind} ${count} times`).join(", ")}; scrapes answered: ${number(record.scrapes)}`,
    ...(leftOut.length === 0 ? [] : [`not tried on this machine: ${leftOut.join(", ")}`]),
    `packets verified: ${number(verdict.received)} (datagrams of 7) on ${streams.size} outputs; missing by the death of an engine: ${number(verdict.explained)}`,
    "",
    "growth, of the longest life of each process, without its warm-up:",
    ...[...longest].map(
      ([what, { hours, last, perHour, unit }]) =>
        `  ${what.padEnd(36)} ${perHour === null ? "too short to tell" : `${number(perHour)} ${unit}/h over ${hours.toFixed(2)} h`}, at last ${number(last)}`,
    ),
    "",
    ...(verdict.findings.length === 0 ? ["nothing is wrong"] : ["what is wrong:"]),
    ...verdict.findings.slice(0, MOST_FINDINGS).map((finding) => `  ${finding}`),
    ...(verdict.findings.length > MOST_FINDINGS ? [`  and ${verdict.findings.length - MOST_FINDINGS} more`] : []),
    "",
  ].join("\n")
}
