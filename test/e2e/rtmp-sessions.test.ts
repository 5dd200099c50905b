/**
 * What a strict RTMP server sees of the product: cue points in their shapes, logins, TLS, taking leave, and times
 * across reconnects.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { adobeLogin, llnwLogin } from "../../src/core/rtmp/testing/auth-server.ts"
import type { CueView } from "../../src/effects/model/channel.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { type Amf, amfValues } from "../flv-file.ts"
import { selfSigned } from "./certificates.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { RtmpTestServer, type Session } from "./rtmp-test-server.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 3_000_000
const CUE_NAMES = ["onCuePoint", "onAdCue"]

let product: Product
let server: RtmpTestServer
beforeAll(async () => {
  server = await RtmpTestServer.start()
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  server.stop()
})

const start = async (name: string, outputs: ReadonlyArray<object>) => {
  const port = await freeUdpPort()
  const { id } = await product.channel({ name, rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  await product.until(
    `the outputs of ${name} are connected`,
    id,
    (view) => view.outputs.every((o) => o.status === "connected"),
    20_000,
  )
  return { id, port }
}
const publicationOf = (at: RtmpTestServer, key: string): ReadonlyArray<Session> =>
  at.publications.filter(({ server: { commands } }) =>
    commands.some(({ name, values }) => name === "publish" && values[1] === key),
  )
const only = (at: RtmpTestServer, key: string): Session => {
  const [session] = publicationOf(at, key)
  if (session === undefined) throw new Error(`${key} was not published`)
  return session
}
const videoTimes = ({ server: { media } }: Session) =>
  media.filter(({ typeId }) => typeId === 9).map(({ timestampMs }) => timestampMs)
const isObject = (value: Amf | undefined): value is { readonly [key: string]: Amf } =>
  typeof value === "object" && value !== null

describe("cue points", () => {
  const styles = ["none", "elemental", "primetime", "youtube", "bin64"] as const
  const found = new Map<
    string,
    ReadonlyArray<{ readonly ms: number; readonly name: Amf | undefined; readonly fields: Amf | undefined }>
  >()
  let cues: ReadonlyArray<CueView> = []

  beforeAll(async () => {
    const url = (style: string) => `rtmp://127.0.0.1:${server.port}/live/cues-${style}`
    const { id, port } = await start(
      "cues",
      styles.map((style) => ({ name: style, url: url(style), settings: { cue_points: style } })),
    )
    await sendTs(generateTs(12, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 1 }), {
      port,
      bitrate: BITRATE,
    })
    cues = await eventually("all cues have their proof", async () => {
      const { body } = await product.api<{ cues: CueView[] }>("GET", `/api/channels/${id}/cues`)
      return body.cues.length > 0 &&
        body.cues.every(({ outputs }) => outputs.every(({ status }) => status !== "pending"))
        ? body.cues
        : null
    })
    for (const style of styles) {
      const { media } = only(server, `cues-${style}`).server
      const data = media
        .filter(({ typeId }) => typeId === 18)
        .map(({ body, timestampMs }) => ({ ms: timestampMs, values: amfValues(Buffer.from(body)) }))
      found.set(
        style,
        data
          .filter(({ values }) => CUE_NAMES.includes(String(values[0])))
          .map(({ ms, values: [name, fields] }) => ({ ms, name, fields })),
      )
    }
    await product.api("POST", `/api/channels/${id}/stop`)
  })

  it("are sent in none but the styles that were asked for", () => {
    expect(found.get("none")).toEqual([])
    for (const style of styles.slice(1)) expect(found.get(style)?.length).toBeGreaterThanOrEqual(3)
  })

  it("youtube: start and end of each break, with the time until then and the length", () => {
    const youtube = found.get("youtube") ?? []
    expect(youtube.map(({ name }) => name)).toEqual(youtube.map(() => "onCuePoint"))
    const [out] = youtube
      .map(({ fields }) => fields)
      .filter((fields) => isObject(fields) && fields["cue_point_start"] === true)
    expect(out).toMatchObject({ type: "com.youtube.cuepoint", version: "0.1", break_duration_sec: 2 })
    const ahead = isObject(out) ? Number(out["pre_roll_time_sec"]) : Number.NaN
    expect(ahead).toBeGreaterThan(3)
    expect(ahead).toBeLessThan(5)
  })

  it("elemental: a splice_insert in fields", () => {
    const first = found.get("elemental")?.[0]?.fields
    expect(first).toMatchObject({ parameters: { splice_event_cancel_indicator: false, splice_immediate: false } })
  })

  it("primetime and bin64: the section itself, in base64, and when it applies", () => {
    const sent = cues.map(({ base64 }) => base64).toReversed()
    const ids = (found.get("primetime") ?? []).map(({ fields }) => (isObject(fields) ? fields["cue"] : null))
    expect([...new Set(ids)]).toEqual(sent)
    const data = (found.get("bin64") ?? []).map(({ fields }) => (isObject(fields) ? fields["data"] : null))
    expect([...new Set(data)]).toEqual(sent)
    const firsts = (found.get("primetime") ?? []).filter(
      ({ fields }, i) => isObject(fields) && ids.indexOf(fields["cue"] ?? null) === i,
    )
    const ahead = firsts.map(({ fields, ms }) => (isObject(fields) ? Number(fields["time"]) * 1000 - ms : Number.NaN))
    const prerolls = cues.map(({ preroll_s }) => (preroll_s ?? Number.NaN) * 1000).toReversed()
    // The PCR tells the pre-roll; pictures are some tenths of a second ahead of it.
    for (const [i, aheadMs] of ahead.entries())
      expect(Math.abs(aheadMs - (prerolls[i] ?? Number.NaN))).toBeLessThan(700)
  })

  it("are proven on the outputs that carry them; the one without says that it carries none", () => {
    for (const { outputs } of cues)
      expect(Object.fromEntries(outputs.map(({ output, status }) => [output, status]))).toEqual({
        none: "no_cues",
        elemental: "sent",
        primetime: "sent",
        youtube: "sent",
        bin64: "sent",
      })
  })
})

describe("sessions", () => {
  const ts = generateTs(4, { bitrate: BITRATE, breakEverySeconds: 30, breakSeconds: 2, spliceNullSeconds: 0 })

  it("log in as adobe and llnw ask for it; a wrong password is an error that says so", async () => {
    const adobe = await RtmpTestServer.start({ refuseConnect: adobeLogin("me", "s3cret") })
    const llnw = await RtmpTestServer.start({ refuseConnect: llnwLogin("me", "s3cret") })
    const url = (at: RtmpTestServer, login: string) => `rtmp://${login}@127.0.0.1:${at.port}/live/key`
    await start("logins", [
      { name: "adobe", url: url(adobe, "me:s3cret") },
      { name: "llnw", url: url(llnw, "me:s3cret") },
    ])
    const { id } = await product.channel({
      name: "wrong",
      rtp_ip: "127.0.0.1",
      rtp_port: await freeUdpPort(),
      outputs: [{ name: "wrong", url: url(adobe, "me:other") }],
    })
    await product.until("the wrong password is told", id, (v) => v.outputs[0]?.status === "error", 20_000)
    const view = await product.view(id)
    expect(view.outputs[0]?.last_error).toMatch(/password|login/)
    expect(view.outputs[0]?.last_error).not.toContain("other")
    for (const at of [adobe, llnw]) {
      expect(at.publications.length).toBe(1)
      expect(at.sessions.map(({ problem }) => problem)).toEqual(at.sessions.map(() => null))
      at.stop()
    }
  })

  it("go through TLS with the server's name, and only with a certificate that is accepted", async () => {
    const tls = await RtmpTestServer.start({}, selfSigned())
    const { id, port } = await start("tls", [
      { name: "tls", url: `rtmps://localhost:${tls.port}/live/tls`, settings: { verify_tls: false } },
    ])
    await sendTs(ts, { port, bitrate: BITRATE })
    expect(tls.names).toEqual(["localhost"])
    expect(videoTimes(only(tls, "tls")).length).toBeGreaterThan(40)
    await product.api("POST", `/api/channels/${id}/stop`)
    await eventually("it has left", () => (only(tls, "tls").ended ? true : null))
    const names = only(tls, "tls").server.commands.map(({ name }) => name)
    expect(names).toEqual([
      "connect",
      "releaseStream",
      "FCPublish",
      "createStream",
      "publish",
      "FCUnpublish",
      "deleteStream",
    ])
    expect(only(tls, "tls").problem).toBeNull()
    tls.stop()
  })

  it("take a stream key apart from the URL, as it is, and never show it", async () => {
    const key = "abc?s_bl=1&a=Ab%2Fc/d"
    const { id } = await start("key", [
      { name: "key", url: `rtmp://127.0.0.1:${server.port}/live2?backup=1`, stream_key: key },
    ])
    const [session] = publicationOf(server, key)
    const connect = session?.server.commands.find(({ name }) => name === "connect")
    expect(JSON.stringify(connect?.values[0])).toContain("live2?backup=1")
    expect(JSON.stringify(await product.view(id))).not.toContain("s_bl")
  })

  it("go on in time when the connection was cut, at a key frame with its headers", async () => {
    const long = generateTs(9, { bitrate: BITRATE, breakEverySeconds: 30, breakSeconds: 2, spliceNullSeconds: 0 })
    const { port } = await start("cut", [{ name: "cut", url: `rtmp://127.0.0.1:${server.port}/live/cut` }])
    const sending = sendTs(long, { port, bitrate: BITRATE })
    const before = await eventually("pictures come", () => {
      const [session] = publicationOf(server, "cut")
      return session !== undefined && videoTimes(session).length > 50 ? session : null
    })
    before.socket.destroy()
    await sending
    const after = publicationOf(server, "cut")[1]
    if (after === undefined) throw new Error("it did not come back")
    const [header, first] = after.server.media.filter(({ typeId }) => typeId === 9)
    expect([header?.body[0], header?.body[1]]).toEqual([0x17, 0])
    expect([first?.body[0], first?.body[1]]).toEqual([0x17, 1])
    const last = videoTimes(before).at(-1) ?? 0
    expect(first?.timestampMs).toBeGreaterThan(last)
    expect((first?.timestampMs ?? 0) - last).toBeLessThan(5000)
  })
})
