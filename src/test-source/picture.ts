/**
 * Width of the visible picture in pixels. The 360 lines are coded as 23 macroblock rows, of which the last 8 lines are
 * cropped.
 */
export const WIDTH = 640
export const HEIGHT = 360
export const FRAMES_PER_SECOND = 25
export const MB_COLUMNS = 40
export const MB_ROWS = 23
/** Pictures are made of flat cells: 4x4 luma pixels, and 4x4 chroma samples, which cover 2x2 luma cells. */
export const LUMA_COLUMNS = MB_COLUMNS * 4
export const LUMA_ROWS = MB_ROWS * 4
export const CHROMA_COLUMNS = MB_COLUMNS * 2
export const CHROMA_ROWS = MB_ROWS * 2

/** One YCbCr colour of BT.709 in limited range. */
export interface Colour {
  readonly y: number
  readonly cb: number
  readonly cr: number
}

/** Converts red, green and blue, each 0..1, to a BT.709 colour. */
export const rgb = (red: number, green: number, blue: number): Colour => {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return {
    y: Math.round(16 + 219 * luma),
    cb: Math.round(128 + (224 * (blue - luma)) / 1.8556),
    cr: Math.round(128 + (224 * (red - luma)) / 1.5748),
  }
}

/** A picture of flat 4x4 cells, the unit the encoder codes without loss of detail. */
export class Picture {
  readonly y: Uint8Array = new Uint8Array(LUMA_COLUMNS * LUMA_ROWS).fill(16)
  readonly cb: Uint8Array = new Uint8Array(CHROMA_COLUMNS * CHROMA_ROWS).fill(128)
  readonly cr: Uint8Array = new Uint8Array(CHROMA_COLUMNS * CHROMA_ROWS).fill(128)

  /** Fills a rectangle of luma cells and its chroma. Even coordinates keep the edges of the chroma exact. */
  fill(column: number, row: number, columns: number, rows: number, colour: Colour): void {
    this.fillLuma(column, row, columns, rows, colour.y)
    for (let r = row >> 1; r < (row + rows) >> 1; r++) {
      const start = r * CHROMA_COLUMNS
      this.cb.fill(colour.cb, start + (column >> 1), start + ((column + columns) >> 1))
      this.cr.fill(colour.cr, start + (column >> 1), start + ((column + columns) >> 1))
    }
  }

  /** Fills luma alone, for grey shapes on a grey ground; any cell may be an edge. */
  fillLuma(column: number, row: number, columns: number, rows: number, luma: number): void {
    for (let r = row; r < row + rows; r++)
      this.y.fill(luma, r * LUMA_COLUMNS + column, r * LUMA_COLUMNS + column + columns)
  }

  /** Takes over the content of another picture. */
  set(other: Picture): void {
    this.y.set(other.y)
    this.cb.set(other.cb)
    this.cr.set(other.cr)
  }

  /** Whether a macroblock differs from the one at the same place in another picture. */
  differs(other: Picture, mbColumn: number, mbRow: number): boolean {
    for (let r = 0; r < 4; r++) {
      const at = (mbRow * 4 + r) * LUMA_COLUMNS + mbColumn * 4
      for (let i = at; i < at + 4; i++) if (this.y[i] !== other.y[i]) return true
    }
    for (let r = 0; r < 2; r++) {
      const at = (mbRow * 2 + r) * CHROMA_COLUMNS + mbColumn * 2
      for (let i = at; i < at + 2; i++) if (this.cb[i] !== other.cb[i] || this.cr[i] !== other.cr[i]) return true
    }
    return false
  }
}
