import { describe, expect, it } from "vitest"
import { hasMedia, readMedia } from "../../test/media.ts"
import { spliceInsert, timeSignal } from "../core/scte35/build-cue.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"

const built = spliceInsert({
  splice_event_id: 4711,
  out_of_network_indicator: true,
  pts_time: 900_000,
  break_duration_seconds: 30,
})
const signal = timeSignal({
  pts_time: 8_100_000,
  segmentation: [{ segmentation_event_id: 7, segmentation_type_id: 0x34, segmentation_upid_type: 1, upid_text: "abc" }],
})
if (!built.ok || !signal.ok) throw new Error("the cues of these tests cannot be built")
const { base64, hex } = built.section

const decode = (cue: unknown) => makeTestApp().call("POST", "/api/scte35/decode", { cue })

describe("POST /api/scte35/decode", () => {
  it.each([
    ["base64", base64],
    ["hexadecimal", hex],
    ["0x and upper case", `0x${hex.toUpperCase()}`],
    ["base64 over two lines", `${base64.slice(0, 10)}\n ${base64.slice(10)}`],
  ])("answers %s with the section as the codec gives it", async (_, cue) => {
    const response = await decode(cue)
    expect([response.status, await response.json()]).toEqual([200, JSON.parse(JSON.stringify(built.section))])
  })

  it("answers a section that is wrong with 200, crc_ok false and the reason", async () => {
    const bytes = new Uint8Array(signal.bytes)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    const response = await decode(Buffer.from(bytes).toString("base64"))
    const section = (await response.json()) as { crc_ok: boolean; errors: string[]; command: { name: string } }
    expect(response.status).toBe(200)
    expect([section.crc_ok, section.command.name]).toEqual([false, "time_signal"])
    expect(section.errors).toEqual([expect.stringContaining("CRC_32 is")])
  })

  it.each([
    ["", "the text is empty"],
    ["hello, world", 'character "," at position 6'],
    ["abc", "this is neither hexadecimal"],
    [hex.slice(0, 20), "truncated at byte 10 of"],
    ["4711", "table_id is 0x47, not 0xFC"],
    ["f".repeat(20_000), "the text has 20000 characters"],
  ])("answers %j with 400, the field and what is wrong where", async (cue, message) => {
    const problem = await problemBody(await decode(cue))
    expect(problem).toMatchObject({ status: 400, errors: [{ path: "cue", message: expect.stringContaining(message) }] })
  })

  it("takes a text in `cue` and nothing else", async () => {
    const { call } = makeTestApp()
    const of = async (body: unknown) => (await problemBody(await call("POST", "/api/scte35/decode", body))).errors
    expect(await of({})).toEqual([{ path: "cue", message: "is required" }])
    expect(await of({ cue: 5 })).toEqual([{ path: "cue", message: "must be text of at most 32768 characters, got 5" }])
    expect(await of({ cue: "f".repeat(40_000) })).toMatchObject([{ path: "cue" }])
    expect(await of({ cue: base64, format: "hex" })).toEqual([{ path: "format", message: "is not a known field" }])
    expect((await call("POST", "/api/scte35/decode", { cue: "f".repeat(2 << 20) })).status).toBe(413)
    expect((await call("GET", "/api/scte35/decode")).status).toBe(405)
  })
})

describe.skipIf(!hasMedia)("[media] POST /api/scte35/decode", () => {
  interface Vector {
    readonly id: string
    readonly base64?: string
    readonly hex?: string
    readonly expected: { readonly ok: boolean }
  }
  const vectors: Vector[] = hasMedia
    ? JSON.parse(new TextDecoder().decode(readMedia("scte35-vectors.json"))).vectors
    : []

  it("answers every valid vector, in both notations, without errors", async () => {
    const { call } = makeTestApp()
    const valid = vectors.filter(({ expected, hex: digits }) => expected.ok && digits !== undefined)
    expect(valid.length).toBeGreaterThan(50)
    for (const { id, ...vector } of valid) {
      for (const cue of [vector.base64, vector.hex]) {
        if (cue === undefined) continue
        const response = await call("POST", "/api/scte35/decode", { cue })
        expect([id, response.status, await response.json()]).toMatchObject([
          id,
          200,
          { crc_ok: true, errors: [], hex: vector.hex },
        ])
      }
    }
  })

  it("answers the others with 400, or with 200 and their errors", async () => {
    const { call } = makeTestApp()
    const wrong = vectors.filter(({ expected }) => !expected.ok)
    expect(wrong.length).toBeGreaterThan(10)
    for (const { id, base64: text, hex: digits } of wrong) {
      const cue = digits ?? text
      if (cue === undefined) continue
      const response = await call("POST", "/api/scte35/decode", { cue })
      const body = (await response.json()) as { errors: unknown[] }
      expect([200, 400], id).toContain(response.status)
      expect(body.errors.length, id).toBeGreaterThan(0)
    }
  })
})

describe("the page that decodes a cue", () => {
  const post = (cue: string) =>
    makeTestApp().call("POST", "/scte35", new URLSearchParams({ cue }).toString(), {
      "Content-Type": "application/x-www-form-urlencoded",
    })

  it("is a form that needs no script, and is linked from the status page", async () => {
    const { call } = makeTestApp()
    expect(await (await call("GET", "/")).text()).toContain('<a href="/scte35">')
    const html = await (await call("GET", "/scte35")).text()
    expect(html).toContain('<form method="post" action="/scte35"')
    expect(html).not.toMatch(/\sstyle=|\son\w+=/)
  })

  it("shows what the cue says, with base64 and hex to copy", async () => {
    const response = await post(hex)
    const html = await response.text()
    expect(response.status).toBe(200)
    for (const text of ["splice_insert out, event 4711", base64, hex, "&quot;splice_event_id&quot;: 4711"])
      expect(html).toContain(text)
    for (const [name, text] of Object.entries({ base64, hex })) {
      expect(html).toContain(`>${text}</code> <button type="button" data-copy="${name}">Copy ${name}</button></p>`)
    }
  })

  it("keeps what was typed, escaped, and says what is wrong with it", async () => {
    const response = await post('<b>"nonsense"</b>')
    const html = await response.text()
    expect(response.status).toBe(400)
    expect(html).toContain("&lt;b&gt;&quot;nonsense&quot;&lt;/b&gt;")
    expect(html).toMatch(/id="cue-error"[^>]*>character/)
    expect(html).not.toContain("<b>")
  })
})
