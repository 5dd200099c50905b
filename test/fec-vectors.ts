/**
 * FEC vectors of the shared test material: whole packets in hexadecimal, and what a decoder recovers after each step.
 */
import { hasMedia, readMedia } from "./media.ts"

interface VectorStep {
  readonly media: ReadonlyArray<Uint8Array>
  readonly rows: ReadonlyArray<Uint8Array>
  readonly columns: ReadonlyArray<Uint8Array>
  readonly recovered: ReadonlyArray<{ readonly sequence: number; readonly payload: Uint8Array }>
}

interface VectorFile {
  readonly tests: ReadonlyArray<{
    readonly name: string
    readonly steps: ReadonlyArray<{
      readonly media?: ReadonlyArray<string>
      readonly row_fec?: ReadonlyArray<string>
      readonly column_fec?: ReadonlyArray<string>
      readonly expect_recovered?: ReadonlyArray<{ readonly seq: number; readonly payload: string }>
    }>
  }>
}

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"))

/** Name and steps of each vector; empty without the test material. */
export const fecVectors = (): ReadonlyArray<readonly [name: string, steps: ReadonlyArray<VectorStep>]> => {
  if (!hasMedia) return []
  const { tests } = JSON.parse(
    Buffer.from(readMedia("gstreamer/fec-2022-1-gstreamer-vectors.json")).toString(),
  ) as VectorFile
  return tests.map(({ name, steps }) => [
    name,
    steps.map(({ media = [], row_fec = [], column_fec = [], expect_recovered = [] }) => ({
      media: media.map(fromHex),
      rows: row_fec.map(fromHex),
      columns: column_fec.map(fromHex),
      recovered: expect_recovered.map(({ seq, payload }) => ({ sequence: seq, payload: fromHex(payload) })),
    })),
  ])
}
