/** Puts PSI sections together from the payloads of one PID (ISO/IEC 13818-1 2.4.4). */

/** section_length is at most 1021 in PAT and PMT; private sections that share the PID may take 4096. */
const SECTION_MAX = 4096

export class SectionAssembler {
  readonly #bytes = new Uint8Array(SECTION_MAX)
  #size = 0
  #gathering = false
  #continuity = -1
  readonly #onSection: (section: Uint8Array) => void

  /** `onSection` gets each whole section, unchecked: a view that holds until it returns. */
  constructor(onSection: (section: Uint8Array) => void) {
    this.#onSection = onSection
  }

  /** One TS packet's payload; `end` is the first byte after it. */
  packet(bytes: Uint8Array, start: number, end: number, unitStart: boolean, continuity: number): void {
    if (continuity === this.#continuity) return
    if (this.#continuity >= 0 && continuity !== ((this.#continuity + 1) & 15)) this.#gathering = false
    this.#continuity = continuity
    if (start >= end) return
    if (!unitStart) {
      if (this.#gathering) this.#take(bytes, start, end)
      return
    }
    const first = start + 1 + (bytes[start] ?? 0)
    if (first > end) {
      this.#gathering = false
      return
    }
    if (this.#gathering) this.#take(bytes, start + 1, first)
    this.#size = 0
    this.#gathering = true
    this.#take(bytes, first, end)
    // The next section can only begin in a packet with payload_unit_start_indicator.
    if (this.#size === 0) this.#gathering = false
  }

  /** Forgets a section that is not complete, and the counter. */
  reset(): void {
    this.#gathering = false
    this.#continuity = -1
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end && this.#gathering; ) {
      // table_id 0xFF is stuffing up to the end of the packet (2.4.4.1).
      if (this.#size === 0 && bytes[at] === 0xff) {
        this.#gathering = false
        return
      }
      while (this.#size < 3 && at < end) this.#bytes[this.#size++] = bytes[at++] ?? 0
      if (this.#size < 3) return
      const total = 3 + ((((this.#bytes[1] ?? 0) & 0x0f) << 8) | (this.#bytes[2] ?? 0))
      if (total > SECTION_MAX) {
        this.#gathering = false
        return
      }
      const part = Math.min(total - this.#size, end - at)
      this.#bytes.set(bytes.subarray(at, at + part), this.#size)
      this.#size += part
      at += part
      if (this.#size < total) return
      this.#size = 0
      this.#onSection(this.#bytes.subarray(0, total))
    }
  }
}
