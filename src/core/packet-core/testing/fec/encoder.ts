/**
 * An SMPTE 2022-1 encoder for tests. Matrices are block-aligned; row packets come behind their last datagram, and
 * column packets are spread over the next matrix.
 */
import { buildFec } from "./packet.ts"

export interface FecMatrix {
  /** Columns of the matrix (L), 1 to 255. */
  readonly columns: number
  /** Rows of the matrix (D), 1 to 255. */
  readonly rows: number
  /** FEC streams that are sent; both when left out. */
  readonly streams?: "both" | "columns" | "rows"
}

export interface FecDatagram {
  readonly isRow: boolean
  readonly bytes: Uint8Array
}

export class FecEncoder {
  readonly #matrix: FecMatrix
  readonly #sequences = { row: 0, column: 0 }
  #block: Uint8Array[] = []
  #due: Uint8Array[][] = []

  constructor(matrix: FecMatrix) {
    this.#matrix = matrix
  }

  #build(isRow: boolean, datagrams: ReadonlyArray<Uint8Array>): FecDatagram {
    const offset = isRow ? 1 : this.#matrix.columns
    const sequence = isRow ? this.#sequences.row++ : this.#sequences.column++
    return { isRow, bytes: buildFec({ isRow, offset, sequence, timestamp: 0 }, datagrams) }
  }

  /** Takes the next media datagram, in sequence numbers without a gap. Returns the FEC packets to be sent behind it. */
  push(datagram: Uint8Array): FecDatagram[] {
    const { columns, rows, streams = "both" } = this.#matrix
    const sent: FecDatagram[] = []
    const position = this.#block.push(datagram)
    if (streams !== "columns" && position % columns === 0)
      sent.push(this.#build(true, this.#block.slice(position - columns)))
    if (position % rows === 0) sent.push(...this.#columns(1))
    if (position === columns * rows) {
      const block = this.#block
      this.#block = []
      if (streams !== "rows")
        this.#due = Array.from({ length: columns }, (_, column) => block.filter((_, i) => i % columns === column))
    }
    return sent
  }

  /** Returns the column packets that are not sent yet. */
  flush(): FecDatagram[] {
    return this.#columns(this.#due.length)
  }

  #columns(most: number): FecDatagram[] {
    return this.#due.splice(0, most).map((datagrams) => this.#build(false, datagrams))
  }
}
