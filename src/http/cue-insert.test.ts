import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { CueAnswer } from "../effects/model/cue.ts"
import { Conflict, EngineUnavailable } from "../effects/model/Errors.ts"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { serveHttp } from "./HttpServer.ts"
import { cuesAsCsv } from "./routes/cue-csv.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { fakeCue } from "./testing/fake-views.ts"
import { makeTestApp, OPEN, problemBody, withKey } from "./testing/test-app.ts"

const PATH = "/api/channels/main-event/cues"
const OUT = { command: "splice_insert", out_of_network_indicator: true, break_duration_seconds: 30, pre_roll_s: 8 }
const BASE64 = "/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w=="
const withChannel = async (over: Parameters<typeof makeTestApp>[0] = {}, headers = {}) => {
  const test = makeTestApp(over)
  await test.call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 }, headers)
  return test
}

describe("POST /api/channels/{id}/cues", () => {
  it("answers 202 with the cue as it was given to the engine", async () => {
    const { call } = await withChannel()
    const response = await call("POST", PATH, OUT)
    const { cue, warnings } = (await response.json()) as CueAnswer
    expect([response.status, warnings]).toEqual([202, []])
    expect(Object.keys(cue).sort()).toEqual([
      "base64",
      "command",
      "description",
      "event_id",
      "hex",
      "pid",
      "pts",
      "section",
    ])
    expect(cue).toMatchObject({ pid: 500, command: "splice_insert", event_id: 4242, pts: 1_620_000 })
    expect(cue.section).toMatchObject({
      crc_ok: true,
      errors: [],
      command: { splice_event_id: 4242, break_duration: 2_700_000 },
    })
    expect(Buffer.from(cue.base64, "base64").toString("hex")).toBe(cue.hex)
    // The answer can be sent to the decoder and gives an equal decode.
    expect(await (await call("POST", "/api/scte35/decode", { cue: cue.hex })).json()).toEqual(
      JSON.parse(JSON.stringify(cue.section)),
    )
  })

  it("takes a whole section, by every name of the channel, and says what is unusual", async () => {
    const { call } = await withChannel()
    for (const ref of ["1", "main-event"]) {
      const response = await call("POST", `/api/channels/${ref}/cues`, { cue: BASE64, pid: 501 })
      const { cue, warnings } = (await response.json()) as CueAnswer
      expect([response.status, cue.base64, cue.pid, cue.event_id]).toEqual([202, BASE64, 501, 4711])
      expect(warnings).toEqual([expect.stringContaining("comes 0 s before its splice point")])
    }
  })

  it.each([
    ["a wrong CRC-32", { cue: BASE64.replace("w==", "g==") }, "cue", /CRC_32/],
    ["no cue at all", {}, "command", /is required/],
    ["both forms", { cue: BASE64, pre_roll_s: 5 }, "pre_roll_s", /together with cue/],
    [
      "too long a text",
      { cue: "A".repeat(32_769) },
      "cue",
      /text of at most 32768 characters, got text of 32769 characters/,
    ],
  ])("answers 400 to %s", async (_, body, path, message) => {
    const { call, plane } = await withChannel()
    const problem = await problemBody(await call("POST", PATH, body))
    expect(problem).toMatchObject({ status: 400, errors: [{ path, message: expect.stringMatching(message) }] })
    expect(plane.inserters).toEqual([])
  })

  it("logs a body that is no cue", async () => {
    const { call, logs } = await withChannel()
    await call("POST", PATH, { pid: 0 })
    await call("POST", PATH, "{")
    expect(logs).toEqual([
      expect.stringMatching(
        /^a cue of an unknown address \(without a key, as none is needed\) was not inserted: pid: must be /,
      ),
      expect.stringMatching(/was not inserted: body: the JSON text ends too early/),
    ])
  })

  it("answers 404 for no channel, 409 and 503 as the control plane says", async () => {
    const { call } = await withChannel()
    expect((await call("POST", "/api/channels/7/cues", OUT)).status).toBe(404)
    const errors = [{ path: "input.manual_cues", message: "is not true" }]
    const off = await withChannel({ over: { cues: { insert: () => new Conflict({ errors }) } } })
    expect(await problemBody(await off.call("POST", PATH, OUT))).toMatchObject({ status: 409, errors })
    const gone = await withChannel({ over: { cues: { insert: () => new EngineUnavailable({ reason: "killed" }) } } })
    expect((await gone.call("POST", PATH, OUT)).status).toBe(503)
  })

  it("needs the key, is refused to pages of other sites, and says how it was shown", async () => {
    const key = { "X-API-Key": "secret" }
    const { call, plane } = await withChannel({ settings: withKey("secret") }, key)
    expect((await call("POST", PATH, OUT)).status).toBe(401)
    expect((await call("POST", PATH, OUT, { ...key, Origin: "https://evil.example" })).status).toBe(403)
    expect(plane.inserters).toEqual([])
    const form = { "Content-Type": "application/x-www-form-urlencoded" }
    const login = await call("POST", "/login", new URLSearchParams({ key: "secret", next: "/" }).toString(), form)
    const cookie = (login.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
    for (const headers of [key, { Authorization: "Bearer secret" }, { Cookie: cookie }]) {
      expect((await call("POST", PATH, OUT, headers)).status).toBe(202)
    }
    const unknown = "an unknown address"
    expect(plane.inserters).toEqual([
      `${unknown} (with the API key)`,
      `${unknown} (with the API key)`,
      `${unknown} (with a session of the pages)`,
    ])
  })

  it("knows the address of the socket, whatever a header says", () =>
    Effect.gen(function* () {
      const plane = makeFakeControlPlane()
      yield* plane.channels.create({ name: "Main event", rtp_port: 5000 })
      const { url } = yield* serveHttp({ ...OPEN, port: 0 }, plane, {
        accounts: memoryAccounts(),
        audit: memoryAudit(),
      })
      const headers = { "Content-Type": "application/json", "X-Forwarded-For": "192.0.2.9" }
      const response = yield* Effect.promise(() =>
        fetch(`${url}${PATH}`, { method: "POST", headers, body: JSON.stringify(OUT) }),
      )
      expect([response.status, plane.inserters]).toEqual([202, ["127.0.0.1 (without a key, as none is needed)"]])
    }).pipe(Effect.scoped, Effect.runPromise))
})

describe("cues of ours", () => {
  it("are marked in JSON, in CSV and on the page", async () => {
    const { call, plane } = await withChannel()
    const plain = { description: "a cue" }
    const cues = [fakeCue({ ...plain, id: 2, manual: true }), fakeCue({ ...plain, id: 1 })]
    plane.cued("1", ...cues)
    expect(await (await call("GET", PATH)).json()).toMatchObject({ cues: [{ manual: true }, { manual: false }] })
    const [header = [], ...rows] = cuesAsCsv(cues, "UTC")
      .trimEnd()
      .split("\r\n")
      .map((row) => row.split(","))
    expect(rows.map((row) => row[header.indexOf("manual")])).toEqual(["true", "false"])
    const page = await (await call("GET", "/channels/main-event/cues")).text()
    expect(page.match(/inserted by us/g)).toHaveLength(1)
  })
})
