/** What was sent of a channel's cues: a line for each cue and output, and breaks with their outs and ins. Pure. */
import type { CueProof, CueView } from "../model/cue.ts"

/** A cue and what came of it at one output. */
export interface AsRunLine {
  readonly cue: CueView
  /** When the cue takes effect, ISO 8601; its arrival where it names no time. */
  readonly due: string
  /** Undefined for a cue of a time without outputs. */
  readonly proof: CueProof | undefined
}

/** Cues of an output in sum. */
export interface AsRunSum {
  /** Slug. */
  readonly output: string
  readonly sent: number
  readonly acknowledged: number
  readonly missed: number
  readonly pending: number
  /** No receiver was there, or the output carries no cues. */
  readonly others: number
}

/** A break: the cue that begins it and the one that ends it, or a cue by itself. */
export interface AsRunBreak {
  readonly first: CueView
  /** Undefined where none came, and of a cue that is no break. */
  readonly last: CueView | undefined
  /** Cells that were sent, and those that had to be. */
  readonly sent: number
  readonly wanted: number
}

export const dueOf = ({ at, preroll_s }: CueView): string =>
  new Date(Date.parse(at) + Math.round((preroll_s ?? 0) * 1000)).toISOString()

/** Slugs of all outputs that the cues name, and of those that are there now; in the order of the latter. */
export const outputsOf = (cues: ReadonlyArray<CueView>, now: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set([...now, ...cues.flatMap(({ outputs }) => outputs.map(({ output }) => output)).sort()]),
]

/** Lines of cues, in their order; of one output alone when `output` is its slug. */
export const asRunLines = (cues: ReadonlyArray<CueView>, output?: string): ReadonlyArray<AsRunLine> =>
  cues.flatMap((cue): ReadonlyArray<AsRunLine> => {
    const due = dueOf(cue)
    const proofs = cue.outputs.filter((one) => output === undefined || one.output === output)
    if (proofs.length > 0) return proofs.map((proof) => ({ cue, due, proof }))
    return output === undefined ? [{ cue, due, proof: undefined }] : []
  })

export const sumsOf = (cues: ReadonlyArray<CueView>, outputs: ReadonlyArray<string>): ReadonlyArray<AsRunSum> =>
  outputs.map((output) => {
    const proofs = cues.flatMap((cue) => cue.outputs.filter((one) => one.output === output))
    const having = (...statuses: ReadonlyArray<CueProof["status"]>) =>
      proofs.filter(({ status }) => statuses.includes(status)).length
    return {
      output,
      sent: having("sent"),
      acknowledged: proofs.filter(({ acknowledged_at }) => acknowledged_at !== undefined).length,
      missed: having("missed"),
      pending: having("pending"),
      others: having("no_receiver", "no_cues"),
    }
  })

const ENDS = new Set<CueView["kind"]>(["in", "end", "cancel"])
const BEGINS = new Set<CueView["kind"]>(["out", "start"])

/** Breaks in the order in which they began; `cues` are oldest first. Each cue is in one of them. */
export const breaksOf = (cues: ReadonlyArray<CueView>): ReadonlyArray<AsRunBreak> => {
  const taken = new Set<number>()
  return cues.flatMap((first, i): ReadonlyArray<AsRunBreak> => {
    if (taken.has(first.id)) return []
    const last = BEGINS.has(first.kind)
      ? cues
          .slice(i + 1)
          .find(({ event_ids, id, kind }) => !taken.has(id) && ENDS.has(kind) && shares(event_ids, first.event_ids))
      : undefined
    if (last !== undefined) taken.add(last.id)
    const proofs = [...first.outputs, ...(last?.outputs ?? [])]
    const sent = proofs.filter(({ status }) => status === "sent").length
    const missed = proofs.filter(({ status }) => status === "missed").length
    return [{ first, last, sent, wanted: sent + missed }]
  })
}

const shares = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean => a.some((id) => b.includes(id))
