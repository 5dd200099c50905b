/**
 * Figures of one leg or output over several windows at once, in a single array that is allocated once and never grows.
 */

/** How the figures of a step become its single value: their mean, or the highest of them. */
export type Digest = "mean" | "peak"

export interface RingWindow {
  /**
   * Time that the window covers and time between two of its values, both in seconds; `length_s` is a multiple of
   * `step_s`.
   */
  readonly length_s: number
  readonly step_s: number
}

interface Place extends RingWindow {
  readonly slots: number
  /** Index at which the window's values begin within those of a measure. */
  readonly offset: number
}

export class FigureRings {
  readonly #digests: ReadonlyArray<Digest>
  readonly #places: ReadonlyArray<Place>
  /** Values by measure, then by window; NaN where there is no figure. */
  readonly #values: Float32Array
  readonly #perMeasure: number
  /** Sum and number of the figures in the latest step, by measure and window. */
  readonly #sums: Float64Array
  readonly #counts: Uint32Array
  #second = -1

  constructor(digests: ReadonlyArray<Digest>, windows: ReadonlyArray<RingWindow>) {
    this.#digests = digests
    let offset = 0
    this.#places = windows.map((window) => {
      const slots = window.length_s / window.step_s
      offset += slots
      return { ...window, slots, offset: offset - slots }
    })
    this.#perMeasure = offset
    this.#values = new Float32Array(digests.length * offset).fill(Number.NaN)
    this.#sums = new Float64Array(digests.length * windows.length)
    this.#counts = new Uint32Array(digests.length * windows.length)
  }

  /** Memory of the figures, in bytes. */
  get bytes(): number {
    return this.#values.byteLength + this.#sums.byteLength + this.#counts.byteLength
  }

  /**
   * Takes the figures of a second, one for each measure, NaN for none. A second that is not after the last one is
   * ignored.
   */
  put(second: number, figures: ArrayLike<number>): void {
    if (second <= this.#second) return
    for (const [w, place] of this.#places.entries()) {
      const step = Math.floor(second / place.step_s)
      const before = this.#second < 0 ? step - place.slots : Math.floor(this.#second / place.step_s)
      if (step !== before) this.#open(w, place, Math.max(-1, before, step - place.slots) + 1, step)
      for (let m = 0; m < this.#digests.length; m++) this.#add(m, w, place, step, figures[m] ?? Number.NaN)
    }
    this.#second = second
  }

  /** Empties the slots of the steps `from` to `to`. */
  #open(w: number, place: Place, from: number, to: number): void {
    for (let m = 0; m < this.#digests.length; m++) {
      for (let step = from; step <= to; step++) this.#values[this.#slot(m, place, step)] = Number.NaN
      this.#sums[m * this.#places.length + w] = 0
      this.#counts[m * this.#places.length + w] = 0
    }
  }

  #add(m: number, w: number, place: Place, step: number, figure: number): void {
    if (Number.isNaN(figure)) return
    const at = m * this.#places.length + w
    const slot = this.#slot(m, place, step)
    const sum = (this.#sums[at] ?? 0) + figure
    const count = (this.#counts[at] ?? 0) + 1
    this.#sums[at] = sum
    this.#counts[at] = count
    const highest = this.#values[slot] ?? Number.NaN
    this.#values[slot] =
      this.#digests[m] === "mean" ? sum / count : Number.isNaN(highest) ? figure : Math.max(highest, figure)
  }

  #slot(m: number, { offset, slots }: Place, step: number): number {
    return m * this.#perMeasure + offset + (step % slots)
  }

  /**
   * Values of measure `m` in window `w` up to the step that holds `second`, oldest first, as many as the window has;
   * null for none.
   */
  read(m: number, w: number, second: number): Array<number | null> {
    const place = this.#places[w]
    if (place === undefined) return []
    const last = Math.floor(second / place.step_s)
    const newest = this.#second < 0 ? -1 : Math.floor(this.#second / place.step_s)
    return Array.from({ length: place.slots }, (_, i) => {
      const step = last - place.slots + 1 + i
      if (step > newest || step <= newest - place.slots || step < 0) return null
      const value = this.#values[this.#slot(m, place, step)] ?? Number.NaN
      return Number.isNaN(value) ? null : value
    })
  }
}
