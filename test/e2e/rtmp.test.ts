/** RTMP outputs against nginx: its recordings are the source's pictures and sound, byte for byte, with their times. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { aacOf, annexBNals, type FlvPicture, flvTags, picturesOf } from "../flv-file.ts"
import { hasMedia, readMedia } from "../media.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { NginxRtmp } from "./rtmp-servers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 4_000_000
/**
 * Three times the recordings' own: an output drops what its server is 5 s of media behind with, which a busy machine
 * needs time to be.
 */
const FASTER = 600_000
/** Types of NAL units that do not go into FLV: access unit delimiter and filler data (H.264 Table 7-1). */
const LEFT_OUT = [9, 12]
const folder = mkdtempSync(join(tmpdir(), "rtmp-"))

/** The elementary streams of a TS, as ffmpeg takes them out. */
const elementary = (ts: Uint8Array) => {
  const file = join(folder, "source.ts")
  writeFileSync(file, ts)
  const take = (args: ReadonlyArray<string>, name: string) => {
    const out = join(folder, name)
    const made = spawnSync("ffmpeg", ["-y", "-nostdin", "-v", "error", "-i", file, ...args, out], { encoding: "utf8" })
    if (made.status !== 0) throw new Error(made.stderr)
    return readFileSync(out)
  }
  const nals = annexBNals(take(["-map", "0:v:0", "-c", "copy", "-f", "h264"], "video.h264"))
  const adts = take(["-map", "0:a:0", "-c", "copy", "-f", "adts"], "audio.aac")
  const frames: Buffer[] = []
  for (let at = 0; at + 7 <= adts.length; ) {
    const size = (adts.readUInt32BE(at + 2) >> 5) & 0x1fff || adts.length
    const header = (adts.readUInt8(at + 1) & 1) === 1 ? 7 : 9
    frames.push(adts.subarray(at + header, at + size))
    at += size
  }
  return { nals: nals.filter((nal) => !LEFT_OUT.includes((nal[0] ?? 0) & 31)), frames }
}

const trimmed = (nal: Buffer) => {
  let end = nal.length
  while (end > 0 && nal[end - 1] === 0) end--
  return nal.subarray(0, end).toString("latin1")
}
const nalTexts = (pictures: ReadonlyArray<FlvPicture>) =>
  pictures.flatMap(({ nals }) => nals.filter((nal) => !LEFT_OUT.includes((nal[0] ?? 0) & 31)).map(trimmed))
/** NAL units without SPS and PPS, which FLV may carry in its sequence header alone. */
const withoutParameterSets = (nals: ReadonlyArray<string>) =>
  nals.filter((nal) => ![7, 8].includes(nal.charCodeAt(0) & 31))

let product: Product
let nginx: NginxRtmp
beforeAll(async () => {
  nginx = await NginxRtmp.start()
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  await nginx.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends a stream through a channel of its own to nginx, and returns what was recorded. */
const through = async (name: string, ts: Uint8Array, bitrate = BITRATE) => {
  const port = await freeUdpPort()
  const url = `rtmp://127.0.0.1:${nginx.port}/live/${name}`
  const channel = await product.channel({
    name,
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [{ name: "nginx", url }],
  })
  await product.until(
    "the output is connected",
    channel.id,
    (view) => view.outputs.every((o) => o.status === "connected"),
    20_000,
  )
  await sendTs(ts, { port, bitrate })
  await product.api("POST", `/api/channels/${channel.id}/stop`)
  const recorded = await eventually(`nginx has recorded ${name}`, () => nginx.recordings(name)[0])
  return flvTags(recorded)
}

const expectTheSource = (tags: ReturnType<typeof flvTags>, ts: Uint8Array) => {
  const source = elementary(ts)
  const pictures = picturesOf(tags)
  expect(pictures[0]?.key).toBe(true)
  const got = withoutParameterSets(nalTexts(pictures))
  const all = withoutParameterSets(source.nals.map(trimmed))
  const first = all.indexOf(got[0] ?? "")
  expect(first).toBeGreaterThanOrEqual(0)
  expect(got.length).toBeGreaterThan(10)
  expect(got).toEqual(all.slice(first, first + got.length))
  const frames = aacOf(tags).map(({ frame }) => frame.toString("latin1"))
  const sound = source.frames.map((frame) => frame.toString("latin1"))
  const begin = sound.indexOf(frames[0] ?? "")
  expect(frames.length).toBeGreaterThan(10)
  expect(frames).toEqual(sound.slice(begin, begin + frames.length))
  return { pictures, lost: all.length - first - got.length }
}

describe("RTMP", () => {
  it("carries the pictures and the sound of the source, from a key frame on, with their times", async () => {
    const ts = generateTs(7, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 })
    const tags = await through("generated", ts)
    const { lost, pictures } = expectTheSource(tags, ts)
    // The last picture is known to be whole only when the next one begins.
    expect(lost).toBeLessThan(20)
    expect(pictures[0]?.ms).toBe(0)
    expect(pictures.map(({ ms }) => ms)).toEqual(pictures.map((_, i) => i * 40))
  })

  it.skipIf(!hasMedia)("[media] carries what other encoders made", async () => {
    const carried = async (name: string) => {
      const ts = readMedia(name)
      expectTheSource(await through(name.replace(/\W/g, "_"), ts, FASTER), ts)
    }
    await Promise.all(["mux.js/test-segment.ts", "mux.js/sintel-captions.ts"].map(carried))
  })
})
