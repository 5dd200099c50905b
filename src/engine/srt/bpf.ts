/**
 * Classic BPF as it is written by hand: instructions with names for the places they jump to (Linux,
 * networking/filter.rst).
 */

export interface BpfInstruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/**
 * One line: an instruction, with the labels it jumps to; without one a jump falls through. `at` names the line itself.
 */
export interface BpfLine {
  readonly code: number
  readonly k?: number
  readonly yes?: string
  readonly no?: string
  readonly at?: string
}

/** Loads from beyond the packet end the program with 0: the packet is dropped. */
export const BPF = {
  loadWord: 0x20,
  loadHalf: 0x28,
  loadByte: 0x30,
  /** At the index register plus k. */
  loadHalfAtIndex: 0x48,
  loadLength: 0x80,
  loadConstantIndex: 0x01,
  add: 0x04,
  addIndex: 0x0c,
  subtractIndex: 0x1c,
  multiply: 0x24,
  and: 0x54,
  shiftLeft: 0x64,
  shiftRight: 0x74,
  xorIndex: 0xac,
  toIndex: 0x07,
  ifEqual: 0x15,
  ifAbove: 0x25,
  ifAtLeast: 0x35,
  ifAtLeastIndex: 0x3d,
  return: 0x06,
} as const

/** The labels that every program has at its end. */
export const PASS = "pass"
export const DROP = "drop"

/** Resolves labels. RangeError for one that is missing, behind the jump, or more than 255 lines away. */
export const assemble = (lines: ReadonlyArray<BpfLine>): BpfInstruction[] => {
  const whole: ReadonlyArray<BpfLine> = [
    ...lines,
    { code: BPF.return, k: 0xffffffff, at: PASS },
    { code: BPF.return, k: 0, at: DROP },
  ]
  const places = new Map(whole.flatMap(({ at }, i) => (at === undefined ? [] : [[at, i] as const])))
  const distance = (from: number, label: string | undefined): number => {
    if (label === undefined) return 0
    const to = (places.get(label) ?? -1) - from - 1
    if (to < 0 || to > 255) throw new RangeError(`BPF: no jump from line ${from} to ${label}`)
    return to
  }
  return whole.map(({ code, k = 0, no, yes }, i) => ({ code, jt: distance(i, yes), jf: distance(i, no), k: k >>> 0 }))
}
