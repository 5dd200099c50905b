/** What to type into MediaLive so that it feeds a channel of ours, value by value. */
import { isAny, isIPv6 } from "../net/address.ts"
import type { OurChannel, OurLeg } from "./our-legs.ts"

export interface ValueToType {
  /** As MediaLive's console names it. */
  readonly name: string
  /** Where it stands in the API. */
  readonly setting: string
  readonly value: string
  readonly why: string
}

const urlOf = (leg: OurLeg, address: string): string => {
  const own = leg.ip !== "" && !isAny(leg.ip) ? leg.ip : address
  return `${leg.by}://${isIPv6(own) ? `[${own}]` : own}:${leg.port}`
}

/** PID for SCTE-35 where none is set by hand: the one that MediaLive's own examples use. */
const SCTE35_PID = 500

/** @param addresses at which MediaLive reaches this machine, the likely one first; none leaves a place to fill in */
export const valuesFor = (ours: OurChannel, addresses: ReadonlyArray<string>): ReadonlyArray<ValueToType> => {
  const address = addresses[0] ?? "THIS-MACHINE"
  const legs = ours.legs.map((leg, n): ValueToType => {
    const of = ours.legs.length === 1 ? "Destination" : `Destination ${"AB"[n] ?? n}`
    return {
      name: of,
      setting: `destinations[].settings[${n}].url`,
      value: urlOf(leg, address),
      why: `the ${leg.source} input of ${ours.name}${ours.legs.length === 1 ? "" : `, for pipeline ${n}`}`,
    }
  })
  const group = ours.legs.some(({ by }) => by === "srt") ? "srt" : "udp"
  const ts = `${group}OutputSettings.containerSettings.m2tsSettings`
  const fec: ValueToType = {
    name: "FEC output settings, include FEC",
    setting: "udpOutputSettings.fecOutputSettings.includeFec",
    value: "COLUMN_AND_ROW",
    why: "with column depth 10 and row length 10; FEC comes to the port + 2 and + 4",
  }
  return [
    {
      name: "Channel class",
      setting: "channelClass",
      value: ours.legs.length > 1 ? "STANDARD" : "SINGLE_PIPELINE",
      why: "it cannot be changed later while outputs need the other one",
    },
    ...legs,
    {
      name: "Input loss action",
      setting: `${group}GroupSettings.inputLossAction`,
      value: "EMIT_PROGRAM",
      why: "PAT and PMT go on when MediaLive loses its input",
    },
    {
      name: "SCTE-35 control",
      setting: `${ts}.scte35Control`,
      value: "PASSTHROUGH",
      why: "the default removes the cues",
    },
    {
      name: "SCTE-35 PID",
      setting: `${ts}.scte35Pid`,
      value: String(ours.scte35Pid ?? SCTE35_PID),
      why: ours.scte35Pid === null ? "any free PID; this one stays as it is then" : "the PID that is watched here",
    },
    { name: "Rate mode", setting: `${ts}.rateMode`, value: "CBR", why: "even spacing" },
    ...(ours.fec && group === "udp" ? [fec] : []),
  ]
}
