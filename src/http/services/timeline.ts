/** What happened to a channel in one line of time: events, cues with what came of them, and changes with their authors. */
import type { AuditEntry } from "../../effects/accounts/audit-rows.ts"
import type { CueProof, CueView } from "../../effects/model/cue.ts"
import type { ChannelEventView } from "../../effects/model/event.ts"

export interface TimelineItem {
  /** Unix time in ms. */
  readonly atMs: number
  readonly sort: "event" | "cue" | "change"
  readonly severity: ChannelEventView["severity"]
  /** A few words: the kind. */
  readonly what: string
  /** Slug of the output, or name of the leg; empty for the channel. */
  readonly where: string
  readonly text: string
  /** Who made a change; empty otherwise. */
  readonly by: string
}

export interface TimelineFilter {
  /** Slug. */
  readonly output: string | undefined
  readonly misses: boolean
}

/** Cues that an output missed, by its slug. */
export const missesByOutput = (cues: ReadonlyArray<CueView>): ReadonlyMap<string, number> => {
  const missed = new Map<string, number>()
  for (const { outputs } of cues)
    for (const { output, status } of outputs) if (status === "missed") missed.set(output, (missed.get(output) ?? 0) + 1)
  return missed
}

const proofText = ({ acknowledged_ms, delay_ms, output, reason, status }: CueProof): string => {
  if (status === "missed") return `${output} missed it: ${reason ?? "no reason is known"}`
  if (status === "pending") return `${output}: pending`
  if (status === "no_cues") return `${output} carries no cues`
  if (status === "no_receiver") return `${output}: no receiver`
  const arrived = acknowledged_ms === undefined ? "" : `, acknowledged after ${Math.round(acknowledged_ms)} ms`
  return `${output} sent it after ${Math.round(delay_ms ?? 0)} ms${arrived}`
}

const ofCue = (cue: CueView, { misses, output }: TimelineFilter): ReadonlyArray<TimelineItem> => {
  const of = cue.outputs.filter((one) => output === undefined || one.output === output)
  const missed = of.filter(({ status }) => status === "missed")
  if (misses && missed.length === 0) return []
  const told = output !== undefined ? of : missed
  const sent = of.filter(({ status }) => status === "sent").length
  const sum = output === undefined && of.length > 0 ? [`${sent} of ${of.length} outputs sent it`] : []
  return [
    {
      atMs: Date.parse(cue.at),
      sort: "cue",
      severity: missed.length > 0 ? "critical" : "info",
      what: cue.kind === "out" || cue.kind === "in" ? `cue ${cue.kind}` : `cue: ${cue.kind}`,
      where: output ?? "",
      text: [cue.description, ...sum, ...told.map(proofText)].join(" · "),
      by: "",
    },
  ]
}

const ofEvent = (event: ChannelEventView, { misses, output }: TimelineFilter): ReadonlyArray<TimelineItem> => {
  if (output !== undefined && event.output !== null && event.output !== output) return []
  // Each missed cue shows as a cue, with its reason.
  if (event.kind === "cue_missed" || misses) return []
  const { at, kind, message, severity, source } = event
  const where = event.output ?? source ?? ""
  return [
    { atMs: Date.parse(at), sort: "event", severity, what: kind.replaceAll("_", " "), where, text: message, by: "" },
  ]
}

export interface Named {
  readonly id: string
  readonly slug: string
  readonly number: number
}

/** What a request's path names of a channel: the channel itself, an output of it, or neither. */
const namedBy = (path: string, channel: Named, outputs: ReadonlyArray<Named>) => {
  const parts = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
  const is = (of: Named, text: string | undefined) =>
    text !== undefined && (text === of.id || text === of.slug || text === String(of.number))
  const at = parts.findIndex((part, i) => /^(?:channels|inputs)$/.test(parts[i - 1] ?? "") && is(channel, part))
  if (at < 0) return null
  const named = parts[at + 1] === "outputs" ? parts[at + 2] : undefined
  return { output: outputs.find((one) => is(one, named)), isOfOutput: named !== undefined }
}

const ofChange = (
  entry: AuditEntry,
  channel: Named,
  outputs: ReadonlyArray<Named>,
  { misses, output }: TimelineFilter,
): ReadonlyArray<TimelineItem> => {
  const named = namedBy(entry.path, channel, outputs)
  if (named === null || misses) return []
  if (output !== undefined && named.isOfOutput && named.output?.slug !== output) return []
  return [
    {
      atMs: Date.parse(entry.at),
      sort: "change",
      severity: entry.outcome === "failed" ? "warning" : "info",
      what: entry.outcome === "done" ? "change" : `change ${entry.outcome}`,
      where: named.output?.slug ?? "",
      text: entry.what,
      by: entry.actor,
    },
  ]
}

export interface TimelineParts {
  readonly channel: Named
  readonly outputs: ReadonlyArray<Named>
  readonly events: ReadonlyArray<ChannelEventView>
  readonly cues: ReadonlyArray<CueView>
  /** Empty for readers who may not see who changed what. */
  readonly audit: ReadonlyArray<AuditEntry>
}

/** All that happened and meets the filter, newest first. */
export const timelineOf = (
  { audit, channel, cues, events, outputs }: TimelineParts,
  filter: TimelineFilter,
): ReadonlyArray<TimelineItem> =>
  [
    ...events.flatMap((event) => ofEvent(event, filter)),
    ...cues.flatMap((cue) => ofCue(cue, filter)),
    ...audit.flatMap((entry) => ofChange(entry, channel, outputs, filter)),
  ].sort((a, b) => b.atMs - a.atMs)
