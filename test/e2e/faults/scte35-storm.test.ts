/**
 * Over a hundred cues a second, and heartbeats: memory is bounded, viewers and logs are not flooded, and every count is
 * exact (row 20 of the fault matrix).
 */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, it } from "vitest"
import { spliceNull } from "../../../src/core/scte35/build-cue.ts"
import { pmt, SCTE35_PID } from "../../ts-stream.ts"
import { eventually, Product } from "../product.ts"
import { bytesOf, CueStage, CueStream } from "./scte35-stage.ts"

const FRAMES_PER_SECOND = 25
/** Number of cues in each frame; the last of them is repeated once. */
const CUES_PER_FRAME = 4
const STORM_SECONDS = 4
const STORMS = 3
const SECONDS = STORMS * STORM_SECONDS
const CUES = SECONDS * FRAMES_PER_SECOND * CUES_PER_FRAME
const REPEATS = SECONDS * FRAMES_PER_SECOND
const HEARTBEATS = SECONDS

let product: Product
let stage: CueStage

beforeAll(async () => {
  product = await Product.start()
  stage = await CueStage.open(product, "storm")
})
afterAll(async () => {
  stage.close()
  await product.dispose()
})

/** Resident memory of a process in MB. */
const residentMb = (pid: number | undefined): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1024

/** Opens a viewer of the status page that counts what it is told. */
const openViewer = async () => {
  const socket = new WebSocket(`${product.url.replace("http", "ws")}/ws`)
  const viewer = { messages: 0, longest: 0, close: () => socket.close() }
  socket.addEventListener("message", ({ data }) => {
    viewer.messages++
    viewer.longest = Math.max(viewer.longest, String(data).length)
  })
  await eventually("the viewer is greeted", () => (viewer.messages > 0 ? true : null))
  return viewer
}

it("row 20: a storm of cues with heartbeats in it", async () => {
  const stream = new CueStream()
  const tables = pmt()
  let event = 0
  const frame = (n: number): Uint8Array => {
    const cues = Array.from({ length: CUES_PER_FRAME }, () => stream.outCue(++event))
    const sections = [...cues, ...cues.slice(-1), ...(n % FRAMES_PER_SECOND === 0 ? [bytesOf(spliceNull())] : [])]
    return stream.frame(
      tables,
      sections.map((section) => stream.writer.section(SCTE35_PID, section)),
    )
  }
  const engine = await product.enginePid()
  const memory = () => ({ control: residentMb(product.child.pid), engine: residentMb(engine) })
  const viewer = await openViewer()
  const before = memory()
  const [startedMs, greetings] = [performance.now(), viewer.messages]
  const after: Array<ReturnType<typeof memory>> = []
  for (let storm = 0; storm < STORMS; storm++) {
    await stage.play(Buffer.concat(Array.from({ length: STORM_SECONDS * FRAMES_PER_SECOND }, (_, n) => frame(n))))
    after.push(memory())
  }
  const tookS = (performance.now() - startedMs) / 1000
  const told = viewer.messages - greetings
  viewer.close()

  // A viewer is told at most twice a second, with one message on its way at either end, and at least every two seconds.
  expect(told).toBeLessThanOrEqual(2 * tookS + 2)
  expect(told).toBeGreaterThanOrEqual(tookS / 2 - 1)
  expect(viewer.longest).toBeLessThan(16_384)

  const [first = before, last = before] = [after[0], after.at(-1)]
  expect(last.control - before.control).toBeLessThan(64)
  expect(last.control - first.control).toBeLessThan(24)
  expect(last.engine - before.engine).toBeLessThan(24)

  await stage.expectUntouched()
  const sections = CUES + REPEATS + HEARTBEATS
  const sent = async () =>
    (await stage.metric("distributor_scte35_output_cues_total", 'result="sent"')) === CUES ? true : null
  await eventually("every cue is proven", sent)
  const names = ["sections", "cues", "crc_errors"]
  expect(await Promise.all(names.map((name) => stage.metric(`distributor_scte35_${name}_total`)))).toEqual([
    sections,
    CUES,
    0,
  ])
  expect(await stage.metric("distributor_scte35_output_cues_total", 'result="missed"')).toBe(0)
  const { alarms, input, scte35 } = await stage.until("the engine's figures", (view) => {
    return view.input.legs[0]?.counters["scte35_sections"] === sections && view
  })
  expect(scte35).toMatchObject({ sections, cues: CUES, crc_errors: 0 })
  expect(input.legs[0]?.counters).toMatchObject({ cc_errors: 0, crc_errors: 0, rtp_lost: 0 })
  expect(alarms).toEqual([])

  // The history's last thousand cues are the last thousand that were sent, each once, with its repetition where there
  // was one.
  const cues = await stage.cues()
  expect(cues.map(({ event_id, repeats }) => [event_id, repeats])).toEqual(
    Array.from({ length: 1000 }, (_, i) => CUES - 999 + i).map((id) => [id, id % CUES_PER_FRAME === 0 ? 1 : 0]),
  )
  expect(new Set(cues.flatMap(({ outputs }) => outputs.map(({ status }) => status)))).toEqual(new Set(["sent"]))

  const { body } = await product.api<{ events: unknown[] }>("GET", `/api/channels/${stage.id}/events?limit=1000`)
  expect(body.events.length).toBeLessThan(60)
  expect(product.output.split("\n").length).toBeLessThan(60)
  expect(await product.enginePid()).toBe(engine)
})

it("row 20: heartbeats alone are counted, and are neither cues nor news", async () => {
  const heartbeats = await CueStage.open(product, "heartbeats")
  const stream = new CueStream()
  const tables = pmt()
  // Ten heartbeats a second instead of one keep the test short.
  const parts = Array.from({ length: 20 }, () => [
    stream.frame(tables, [stream.writer.section(SCTE35_PID, bytesOf(spliceNull()))]),
    stream.frame(tables),
  ])
  await heartbeats.play(Buffer.concat(parts.flat()))
  await heartbeats.until("all are counted", ({ scte35 }) => scte35.sections >= 20)
  await heartbeats.expectUntouched()
  expect((await heartbeats.view()).scte35).toMatchObject({ sections: 20, cues: 0, state: "idle", last_cue_at: null })
  expect(await heartbeats.cues()).toEqual([])
  const { body } = await product.api<{ events: Array<{ kind: string }> }>(
    "GET",
    `/api/channels/${heartbeats.id}/events`,
  )
  expect(body.events.map(({ kind }) => kind).filter((kind) => /break|scte35|cue/.test(kind))).toEqual([])
  heartbeats.close()
})
