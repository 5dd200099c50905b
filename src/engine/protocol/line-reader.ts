/** Splits a byte stream into lines of UTF-8, with a bound on what is kept of an unfinished one. */
export class LineReader {
  readonly #maxBytes: number
  #parts: Uint8Array[] = []
  #size = 0
  /** Set once a line was longer than the bound; the connection should be closed. */
  overflowed = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Complete lines so far, without their newline; empty lines are left out. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = []
    let rest = chunk
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      this.#keep(rest.subarray(0, at))
      const line = Buffer.concat(this.#parts).toString("utf8")
      this.#parts = []
      this.#size = 0
      if (line !== "" && !this.overflowed) lines.push(line)
      rest = rest.subarray(at + 1)
    }
    if (rest.length > 0) this.#keep(new Uint8Array(rest))
    return lines
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length
    if (this.#size > this.#maxBytes) {
      this.overflowed = true
      this.#parts = []
    } else this.#parts.push(part)
  }
}
