// Draws the test picture: colour bars (or the break card), a block that moves every frame, a running clock, a line of
// text, and moving grain.
import { forEachDot, GLYPH_ADVANCE, GLYPH_HEIGHT } from "./font.ts"
import { FRAMES_PER_SECOND, LUMA_COLUMNS, LUMA_ROWS, type Picture, rgb } from "./picture.ts"

/** 75 % colour bars in their usual order. */
const BARS = [
  [1, 1, 1],
  [1, 1, 0],
  [0, 1, 1],
  [0, 1, 0],
  [1, 0, 1],
  [1, 0, 0],
  [0, 0, 1],
  [0, 0, 0],
].map(([red = 0, green = 0, blue = 0]) => rgb(red * 0.75, green * 0.75, blue * 0.75))
const BREAK_GROUND = rgb(0.6, 0, 0)
const BLACK = rgb(0, 0, 0)
const DARK = rgb(0.2, 0.2, 0.2)
const WHITE_LUMA = 235

// Zones in rows of cells. Each is a multiple of 4 rows, so that every zone ends with a macroblock row.
const BARS_ROWS = 40
const LANE_ROW = 40
const LANE_ROWS = 8
const CLOCK_ROW = 48
const CLOCK_ROWS = 20
const TEXT_ROW = 68
const TEXT_ROWS = 12
const GRAIN_ROW = 80

/** What the picture of one frame shows. */
export interface Scene {
  /** Number of the frame, counted from 0. */
  readonly frame: number
  /** The break that is on, or else the next one; absent without breaks. */
  readonly break?: { readonly number: number; readonly on: boolean; readonly framesLeft: number }
  readonly label: string
  readonly seed: number
}

const text = (picture: Picture, content: string, column: number, row: number, scale: number): void =>
  forEachDot(content, (x, y) => picture.fillLuma(column + x * scale, row + y * scale, scale, scale, WHITE_LUMA))

const centred = (picture: Picture, content: string, row: number, scale: number): void =>
  text(picture, content, (LUMA_COLUMNS - (content.length * GLYPH_ADVANCE - 1) * scale) >> 1, row, scale)

const two = (value: number): string => String(value).padStart(2, "0")

/** Time since the start as hh:mm:ss:ff; the hours wrap at 24. */
export const clockText = (frame: number): string => {
  const seconds = Math.floor(frame / FRAMES_PER_SECOND)
  const parts = [
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
    frame % FRAMES_PER_SECOND,
  ]
  return parts.map(two).join(":")
}

const drawTop = (picture: Picture, scene: Scene): void => {
  if (scene.break?.on === true) {
    picture.fill(0, 0, LUMA_COLUMNS, BARS_ROWS, BREAK_GROUND)
    centred(picture, "AD BREAK", 4, 2)
    centred(picture, String(Math.ceil(scene.break.framesLeft / FRAMES_PER_SECOND)), 22, 2)
    return
  }
  const width = LUMA_COLUMNS / BARS.length
  for (const [i, colour] of BARS.entries()) picture.fill(i * width, 0, width, BARS_ROWS, colour)
}

/** Draws the block that moves to and fro, by one cell a frame. */
const drawLane = (picture: Picture, frame: number): void => {
  const way = LUMA_COLUMNS - LANE_ROWS
  const position = frame % (2 * way)
  picture.fill(0, LANE_ROW, LUMA_COLUMNS, LANE_ROWS, DARK)
  picture.fillLuma(position < way ? position : 2 * way - position, LANE_ROW, LANE_ROWS, LANE_ROWS, WHITE_LUMA)
}

const drawText = (picture: Picture, scene: Scene): void => {
  picture.fill(0, TEXT_ROW, LUMA_COLUMNS, TEXT_ROWS, BLACK)
  const row = TEXT_ROW + ((TEXT_ROWS - GLYPH_HEIGHT) >> 1)
  text(picture, scene.label.slice(0, 13), 4, row, 1)
  if (scene.break === undefined) return
  const seconds = Math.ceil(scene.break.framesLeft / FRAMES_PER_SECOND)
  const status = scene.break.on ? `BREAK ${scene.break.number}` : `BREAK IN ${seconds}`
  text(picture, status, LUMA_COLUMNS - 4 - status.length * GLYPH_ADVANCE, row, 1)
}

/** Draws grey noise that differs in every frame, so that the video has a bit rate like that of real pictures. */
const drawGrain = (picture: Picture, frame: number, seed: number): void => {
  let state = (Math.imul(frame + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) | 1
  picture.fill(0, GRAIN_ROW, LUMA_COLUMNS, LUMA_ROWS - GRAIN_ROW, DARK)
  for (let i = GRAIN_ROW * LUMA_COLUMNS; i < picture.y.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    picture.y[i] = 80 + ((state >>> 8) & 63)
  }
}

/** Draws the whole picture of one frame; the same scene gives the same picture. */
export const drawScene = (picture: Picture, scene: Scene): void => {
  drawTop(picture, scene)
  drawLane(picture, scene.frame)
  picture.fill(0, CLOCK_ROW, LUMA_COLUMNS, CLOCK_ROWS, BLACK)
  centred(picture, clockText(scene.frame), CLOCK_ROW + 3, 2)
  drawText(picture, scene)
  drawGrain(picture, scene.frame, scene.seed)
}
