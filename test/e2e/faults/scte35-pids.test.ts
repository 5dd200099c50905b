/**
 * SCTE-35 PIDs that come and go, and two in one programme: they are watched at once, and everything goes through
 * untouched (row 18 of the fault matrix).
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { timeSignal } from "../../../src/core/scte35/build-cue.ts"
import { pmt } from "../../ts-stream.ts"
import { eventually, Product } from "../product.ts"
import { bytesOf, CueStage, CueStream } from "./scte35-stage.ts"

let product: Product
let stage: CueStage

beforeAll(async () => {
  product = await Product.start()
})
afterAll(() => product.dispose())
let stages = 0
beforeEach(async () => {
  stage = await CueStage.open(product, `pids ${++stages}`)
})
afterEach(() => stage.close())

/** All stored cues, once there are `count` and the output has proven each. */
const provenCues = (count: number) =>
  eventually(`${count} cues with their proof`, async () => {
    const cues = await stage.cues()
    const proven = cues.every((cue) => cue.outputs.every(({ status }) => status === "sent"))
    return cues.length >= count && proven ? cues : null
  })

const changes = async (): Promise<string[]> => {
  const { body } = await product.api<{ events: Array<{ message: string }> }>(
    "GET",
    `/api/channels/${stage.id}/events?kind=psi_changed`,
  )
  return body.events.map(({ message }) => message).toReversed()
}

it("row 18: an SCTE-35 PID appears, a second joins it, and both disappear: each is watched while the PMT lists it", async () => {
  const stream = new CueStream()
  const pidsAre = (pids: ReadonlyArray<number>) =>
    stage.until(`SCTE-35 on ${pids}`, (view) => view.scte35.pids.join() === pids.join())
  let event = 0
  /**
   * Plays half a second with a cue on each PID of `carried` in the packets behind the first PMT, and another cue later.
   */
  const play = async (version: number, listed: ReadonlyArray<number>, carried: ReadonlyArray<number>) => {
    const tables = pmt(version, listed)
    const cues = () => carried.map((pid) => stream.writer.section(pid, stream.outCue(++event)))
    const parts = [
      stream.frame(tables, cues()),
      stream.frames(5, tables),
      stream.frame(tables, cues()),
      stream.frames(5, tables),
    ]
    await stage.play(Buffer.concat(parts))
    await pidsAre(listed)
  }
  await play(0, [], [500])
  await play(1, [500], [500, 501])
  await play(2, [500, 501], [500, 501])
  await play(3, [501], [500, 501])
  await play(4, [], [501])
  await play(5, [501], [501])

  await stage.expectUntouched()
  // Events 1, 2, 4 and 6 came before their PID was listed; 11, 13, 15 and 16 came when it no longer was.
  expect((await provenCues(10)).map((cue) => [cue.pid, cue.event_id])).toEqual([
    [500, 3],
    [500, 5],
    [500, 7],
    [501, 8],
    [500, 9],
    [501, 10],
    [501, 12],
    [501, 14],
    [501, 17],
    [501, 18],
  ])
  const view = await stage.view()
  expect(view.scte35).toMatchObject({ sections: 10, cues: 10, crc_errors: 0 })
  expect(view.input.legs[0]?.counters).toMatchObject({ cc_errors: 0, crc_errors: 0, sync_losses: 0, rtp_lost: 0 })
  expect(await changes()).toEqual([
    expect.stringMatching(/version 0,.* 256:0x1b 257:0x0f$/),
    expect.stringMatching(/version 1,.* 500:0x86$/),
    expect.stringMatching(/version 2,.* 500:0x86 501:0x86$/),
    expect.stringMatching(/version 3,.* 257:0x0f 501:0x86$/),
    expect.stringMatching(/version 4,.* 257:0x0f$/),
    expect.stringMatching(/version 5,.* 501:0x86$/),
  ])
})

it("row 18: two PIDs of one programme whose sections take turns packet by packet: each is put together for itself", async () => {
  const stream = new CueStream()
  const tables = pmt(0, [500, 501])
  /** Makes a cue of about 700 bytes, which takes four packets. */
  const longCue = (event: number) =>
    bytesOf(
      timeSignal({
        pts_time: stream.clock90k + 900_000,
        segmentation: Array.from({ length: 20 }, (_, i) => ({
          segmentation_event_id: event * 100 + i,
          segmentation_type_id: 0x10,
          segmentation_upid_type: 3,
          upid_text: `ABCD${String(event).padStart(4, "0")}${String(i).padStart(4, "0")}`,
        })),
      }),
    )
  const interleaved = (event: number): Uint8Array[] => {
    const [a, b] = [stream.writer.section(500, longCue(event)), stream.writer.section(501, longCue(event + 1))]
    expect(a.length).toBe(b.length)
    expect(a.length).toBeGreaterThanOrEqual(4 * 188)
    return Array.from({ length: a.length / 188 }, (_, i) => i * 188).flatMap((at) => [
      a.subarray(at, at + 188),
      b.subarray(at, at + 188),
    ])
  }
  const parts = [1, 3, 5].flatMap((event) => [stream.frame(tables, interleaved(event)), stream.frames(5, tables)])
  await stage.play(Buffer.concat(parts))

  await stage.expectUntouched()
  const cues = await provenCues(6)
  expect(cues.map((cue) => [cue.pid, cue.event_ids.length, cue.event_id, cue.upids.at(-1), cue.errors])).toEqual([
    [500, 20, 100, "ABCD00010019", []],
    [501, 20, 200, "ABCD00020019", []],
    [500, 20, 300, "ABCD00030019", []],
    [501, 20, 400, "ABCD00040019", []],
    [500, 20, 500, "ABCD00050019", []],
    [501, 20, 600, "ABCD00060019", []],
  ])
  const { scte35 } = await stage.until("both PIDs are shown", (view) => view.scte35.pids.join() === "500,501" && view)
  expect(scte35).toMatchObject({ sections: 6, cues: 6, crc_errors: 0 })
})
