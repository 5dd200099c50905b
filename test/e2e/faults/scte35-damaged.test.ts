/**
 * Sections that are damaged, broken, encrypted or unknown: they are forwarded as they came, counted and marked, and do
 * no harm to what follows (row 19 of the fault matrix).
 */
import { afterAll, beforeAll, expect, it } from "vitest"
import { spliceNull } from "../../../src/core/scte35/build-cue.ts"
import { encodeSpliceInfoSection } from "../../../src/core/scte35/encode-section.ts"
import { sealSection } from "../../../src/core/ts/psi.ts"
import type { CueView } from "../../../src/effects/model/channel.ts"
import { pmt, SCTE35_PID } from "../../ts-stream.ts"
import { eventually, Product } from "../product.ts"
import { bytesOf, CueStage, CueStream } from "./scte35-stage.ts"

let product: Product
let engine: number

beforeAll(async () => {
  product = await Product.start()
  engine = await product.enginePid()
})
afterAll(() => product.dispose())

/** Replaces a byte of the section, and corrects its CRC_32 unless `sealed` is false. */
const withByte = (section: Uint8Array, at: number, value: number, sealed = true): Uint8Array => {
  const changed = section.slice()
  changed[at] = value
  return sealed ? sealSection(changed) : changed
}
const flipped = (section: Uint8Array, at: number): Uint8Array => withByte(section, at, (section[at] ?? 0) ^ 1, false)

interface Case {
  readonly name: string
  readonly make: (cue: Uint8Array) => Uint8Array
  readonly crcErrors: 0 | 1
  /** Fields of the cue as the product shows it. */
  readonly shown: Partial<Record<keyof CueView, unknown>>
  /** Error that the cue must show, so that it is not acted on; null for a section that is sound. */
  readonly error: RegExp | null
}

const CASES: ReadonlyArray<Case> = [
  {
    name: "a wrong CRC_32",
    make: (cue) => flipped(cue, cue.length - 1),
    crcErrors: 1,
    shown: { kind: "damaged", crc_ok: false, command: "splice_insert", event_id: 7 },
    error: /CRC_32 is 0x[0-9a-f]+, the bytes give 0x/i,
  },
  {
    name: "a bit that fell over in the time",
    make: (cue) => flipped(cue, 22),
    crcErrors: 1,
    shown: { kind: "damaged", crc_ok: false },
    error: /CRC_32/,
  },
  {
    name: "a section cut short, stuffing behind it",
    make: (cue) => cue.slice(0, 25),
    crcErrors: 1,
    shown: { kind: "damaged", crc_ok: false },
    error: /CRC_32/,
  },
  {
    name: "a section_length too small for a header",
    make: () => Uint8Array.of(0xfc, 0x30, 0x05, 0, 0, 0, 0, 0),
    crcErrors: 1,
    shown: { kind: "damaged", crc_ok: false, command: "unreadable" },
    error: /section_length 5 makes a section of 8 bytes: too short/,
  },
  {
    name: "a splice_command_length past the end, CRC_32 good",
    make: (cue) => withByte(cue, 12, 0xc8),
    crcErrors: 0,
    shown: { kind: "damaged", crc_ok: true },
    error: /splice_command_length 200 runs to byte 214, CRC_32 starts at byte/,
  },
  {
    name: "a descriptor_loop_length past the end, CRC_32 good",
    make: (cue) => withByte(cue, cue.length - 5, 0xff),
    crcErrors: 0,
    shown: { kind: "damaged", crc_ok: true },
    error: /descriptor_loop_length 255 runs to byte/,
  },
  {
    name: "another table_id on the PID, CRC_32 good",
    make: (cue) => withByte(cue, 0, 0xc0),
    crcErrors: 0,
    shown: { kind: "damaged", crc_ok: true, command: "unreadable" },
    error: /table_id is 0xC0, not 0xFC/i,
  },
  {
    name: "an encrypted section",
    make: () =>
      encodeSpliceInfoSection({
        command: null,
        encrypted_packet: true,
        encryption_algorithm: 2,
        cw_index: 3,
        encrypted_bytes: "a5".repeat(33),
      }),
    crcErrors: 0,
    shown: { kind: "other", crc_ok: true, command: "encrypted", event_id: null, errors: [] },
    error: null,
  },
  {
    name: "a command of a reserved type",
    make: () =>
      encodeSpliceInfoSection({
        command: { name: "unknown_command", splice_command_type: 0x33, command_bytes: "0011223344" },
      }),
    crcErrors: 0,
    shown: { kind: "other", crc_ok: true, command: "unknown_command", event_id: null },
    error: null,
  },
]

const numberOf = (event: number, cue: CueView): boolean => cue.event_id === event && cue.kind === "out"

it.concurrent.each(CASES.map((one) => [one.name, one] as const))(
  "row 19: %s",
  async (name, { make, crcErrors, shown, error }) => {
    const stage = await CueStage.open(product, name)
    const stream = new CueStream()
    const tables = pmt()
    const put = (section: Uint8Array) => stream.frame(tables, [stream.writer.section(SCTE35_PID, section)])
    const bad = make(stream.outCue(7))
    const parts = [
      put(stream.outCue(6)),
      stream.frames(4, tables),
      put(bad),
      put(stream.outCue(8)),
      stream.frames(4, tables),
    ]
    await stage.play(Buffer.concat(parts))

    await stage.expectUntouched()
    const cues = await eventually("the three sections are kept", async () => {
      const found = await stage.cues()
      return found.length >= 3 && found.every((cue) => cue.outputs.every(({ status }) => status === "sent"))
        ? found
        : null
    })
    const [before, odd, after] = cues
    expect([cues.length, before && numberOf(6, before), after && numberOf(8, after)]).toEqual([3, true, true])
    expect(odd).toMatchObject(shown)
    // A section that is cut short goes on into the stuffing; otherwise the product keeps what came.
    expect(odd?.hex.replace(/^0x/, "").startsWith(Buffer.from(bad).toString("hex"))).toBe(true)
    expect(odd?.errors.join("; ") ?? "").toMatch(error ?? /^$/)

    const { scte35, input } = await stage.until(
      "the engine's figures are here",
      (view) => view.input.legs[0]?.counters["scte35_sections"] === 3 && view,
    )
    expect(scte35).toMatchObject({ sections: 3, crc_errors: crcErrors })
    expect(input.legs[0]?.counters).toMatchObject({ crc_errors: crcErrors, cc_errors: 0, sync_losses: 0 })
    const metrics = await Promise.all(
      ["sections", "crc_errors"].map((one) => stage.metric(`distributor_scte35_${one}_total`)),
    )
    expect(metrics).toEqual([3, crcErrors])
    expect((await stage.view()).alarms.map(({ kind }) => kind).includes("scte35_crc")).toBe(crcErrors === 1)
    expect(await product.enginePid()).toBe(engine)
    stage.close()
  },
)

it("row 19: a hundred damaged sections in a second are all counted, one is kept, and the cues between them are cues", async () => {
  const stage = await CueStage.open(product, "many")
  const stream = new CueStream()
  const tables = pmt()
  const parts = Array.from({ length: 25 }, (_, i) => {
    const cue = stream.outCue(100 + i)
    const bad = CASES.slice(0, 4).map(({ make }) => make(cue))
    return stream.frame(
      tables,
      [...bad, cue, bytesOf(spliceNull())].map((section) => stream.writer.section(SCTE35_PID, section)),
    )
  })
  await stage.play(Buffer.concat(parts))

  await stage.expectUntouched()
  await stage.until("all sections are counted", ({ scte35 }) => scte35.sections >= 150)
  const cues = await stage.cues()
  expect(cues.filter(({ kind }) => kind === "damaged")).toHaveLength(1)
  expect(cues.filter(({ kind }) => kind === "out").map(({ event_id }) => event_id)).toEqual(
    Array.from({ length: 25 }, (_, i) => 100 + i),
  )
  const names = ["sections", "cues", "crc_errors"]
  expect(await Promise.all(names.map((name) => stage.metric(`distributor_scte35_${name}_total`)))).toEqual([
    150, 25, 100,
  ])
  expect(await product.enginePid()).toBe(engine)
  stage.close()
})

/**
 * A section of 403 bytes whose second packet never comes, and one that announces more bytes than a section may have.
 */
const cutOff = async () => {
  const stage = await CueStage.open(product, "cut off")
  const stream = new CueStream()
  const tables = pmt()
  const put = (section: Uint8Array) => stream.frame(tables, [stream.writer.section(SCTE35_PID, section)])
  const begun = new Uint8Array(183).fill(0x11)
  begun.set([0xfc, 0x31, 0x90])
  const endless = begun.slice()
  endless.set([0xfc, 0x3f, 0xff])
  await stage.play(
    Buffer.concat([put(begun), put(stream.outCue(1)), put(endless), put(stream.outCue(2)), stream.frames(4, tables)]),
  )
  await stage.until("both cues are counted", ({ scte35 }) => scte35.cues >= 2)
  return stage
}

it("row 19: a section that the next one cuts off between packets goes through and is told, and the next one is taken", async () => {
  const stage = await cutOff()
  await stage.expectUntouched()
  const kept = await stage.cues()
  expect(kept.filter(({ kind }) => kind !== "damaged").map(({ event_id, errors }) => [event_id, errors])).toEqual([
    [1, []],
    [2, []],
  ])
  expect(kept.filter(({ kind }) => kind === "damaged").flatMap(({ errors }) => errors)).toEqual([
    expect.stringMatching(/^truncated at byte/),
  ])
  const { body } = await product.api<{ events: unknown[] }>("GET", `/api/channels/${stage.id}/events?kind=scte35_bad`)
  expect(body.events).not.toEqual([])
  expect(await product.enginePid()).toBe(engine)
  stage.close()
})
