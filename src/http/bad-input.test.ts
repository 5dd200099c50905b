import { describe, expect, it } from "vitest"
import { MAX_BODY_BYTES } from "./request/json-bounds.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"

const NEW = {
  name: "Main event",
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  outputs: [{ url: "srt://destination:9000?streamid=publish" }],
}

const withChannel = async () => {
  const test = makeTestApp()
  await test.call("POST", "/api/channels", NEW)
  return test
}

describe("bad input", () => {
  it("names every field that is wrong, in words", async () => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/channels", {
      rtp_port: 70000,
      rtp_ip: "",
      backup_rtp_port: 1.5,
      autostart: "yes",
      colour: "red",
      outputs: [{ url: "srt://a:1" }, { name: "a\r\nb", url: 7, protocol: "ftp" }, "srt://a:1"],
    })
    expect(response.status).toBe(400)
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    const problem = await problemBody(response)
    expect(problem).toMatchObject({ type: "urn:stream-distributor:problem:invalid-input", status: 400 })
    expect(new Map(problem.errors?.map((e) => [e.path, e.message]))).toEqual(
      new Map([
        ["colour", "is not a known field"],
        ["name", "is required"],
        ["rtp_ip", 'must be text of 1 to 64 characters or null, got ""'],
        ["rtp_port", "must be a whole number from 1 to 65535 or null, got 70000"],
        ["backup_rtp_port", "must be a whole number from 1 to 65535 or null, got 1.5"],
        ["autostart", 'must be true or false, got "yes"'],
        ["outputs[1].name", "must not hold control or text-direction characters"],
        ["outputs[1].url", "must be text of 1 to 4096 characters, got 7"],
        ["outputs[1].protocol", 'must be one of srt, rtmp, udp, rtp, rtsp, hls, file, got "ftp"'],
        ["outputs[2]", "must be an object, got text of 9 characters"],
      ]),
    )
  })

  it("does not repeat what could be a secret", async () => {
    const { call } = makeTestApp()
    const secret = `srt://h:1?passphrase=${"s3cret".repeat(800)}`
    const response = await call("POST", "/api/channels", { name: "a", rtp_port: 5000, outputs: [{ url: secret }] })
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain("s3cret")
  })

  it.each([
    ["an empty body", "", "body: is empty; send a JSON object"],
    ["no JSON", "name=x", "body: not valid JSON at line 1, column 1"],
    ["NaN", '{"rtp_port":NaN}', "rtp_port: not valid JSON at line 1, column 13"],
    ["1e999", '{"rtp_port":1e999}', "rtp_port: holds a number that is too large"],
    ["duplicate keys", '{"name":"a","name":"b"}', 'name: "name" is given twice'],
    ["depth 10 000", "[".repeat(10_000), "body: is nested deeper than 64 levels"],
    ["__proto__", '{"__proto__":{"name":"x"}}', '__proto__: "__proto__" is not allowed as a key'],
    ["constructor", '{"constructor":1}', 'constructor: "constructor" is not allowed as a key'],
  ])("answers 400 to %s", async (_what, body, detail) => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/channels", body)
    expect(response.status).toBe(400)
    expect((await problemBody(response)).detail).toBe(detail)
  })

  it.each([
    ["a list", "[]", "must be an object, got a list of 0"],
    ["text", '"x"', 'must be an object, got "x"'],
    ["null", "null", "must be an object, got null"],
  ])("answers 400 to %s in place of an object", async (_what, body, message) => {
    const { call } = makeTestApp()
    expect((await problemBody(await call("POST", "/api/channels", body))).errors).toEqual([{ path: "body", message }])
  })

  it("answers 400 to bytes that are not UTF-8", async () => {
    const { app } = makeTestApp()
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])
    const response = await app.request("/api/channels", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json" },
    })
    expect(await problemBody(response)).toMatchObject({ status: 400, detail: "body: is not valid UTF-8" })
  })

  it.each([
    ["with a line break", "a\nb"],
    ["with NUL", "a\u0000b"],
    ["with right-to-left override", "a\u202eb"],
    ["of 10 000 characters", "x".repeat(10_000)],
    ["that is empty", ""],
  ])("refuses a name %s", async (_what, name) => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/channels", { name, rtp_port: 5000 })
    expect(response.status).toBe(400)
    expect((await problemBody(response)).errors?.map((e) => e.path)).toEqual(["name"])
  })

  it("answers 413 above 1 MiB, announced or streamed", async () => {
    const { app, call } = makeTestApp()
    const big = JSON.stringify({ name: "x".repeat(MAX_BODY_BYTES), rtp_port: 5000 })
    expect((await call("POST", "/api/channels", big)).status).toBe(413)
    const chunk = new Uint8Array(65536).fill(0x20)
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += chunk.byteLength
        controller.enqueue(chunk)
        if (sent > 4 * MAX_BODY_BYTES) controller.close()
      },
    })
    const init: RequestInit = { method: "POST", body, headers: { "Content-Type": "application/json" } }
    const response = await app.request("/api/channels", { ...init, duplex: "half" } as RequestInit)
    expect(response.status).toBe(413)
    expect(sent).toBeLessThan(2 * MAX_BODY_BYTES)
  })

  it.each([
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "multipart/form-data",
  ])("answers 415 to content type %s", async (type) => {
    const { app } = makeTestApp()
    const init = {
      method: "POST",
      body: new TextEncoder().encode("{}"),
      headers: type === undefined ? {} : { "Content-Type": type },
    }
    expect((await app.request("/api/channels", init)).status).toBe(415)
  })

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])(
    "takes content type %s",
    async (type) => {
      const { call } = makeTestApp()
      expect((await call("POST", "/api/channels", NEW, { "Content-Type": type })).status).toBe(201)
    },
  )

  it.each([
    ["PATCH", "/api/channels", "GET, POST, HEAD, OPTIONS"],
    ["DELETE", "/api/channels", "GET, POST, HEAD, OPTIONS"],
    ["POST", "/api/channels/1", "GET, PUT, DELETE, HEAD, OPTIONS"],
    ["GET", "/api/channels/1/start", "POST, OPTIONS"],
    ["PUT", "/api/health", "GET, HEAD, OPTIONS"],
  ])("answers 405 with Allow to %s %s", async (method, path, allow) => {
    const { call } = makeTestApp()
    const response = await call(method, path)
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow])
    expect((await problemBody(response)).status).toBe(405)
  })

  it("answers OPTIONS with Allow and HEAD like GET without a body", async () => {
    const { call } = makeTestApp()
    expect((await call("OPTIONS", "/api/channels")).headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS")
    const head = await call("HEAD", "/api/channels")
    expect([head.status, await head.text()]).toEqual([200, ""])
  })

  it.each(
    [
      "../x",
      "%2e%2e",
      "%2e%2e%2fx",
      "%ff",
      "%00",
      "main-еvent",
      "x".repeat(5000),
      "-1",
      "99999999999999999999",
      "1.0",
      "0x1",
    ].map((ref) => [ref.slice(0, 30), ref] as const),
  )("answers 404 to the channel %s", async (_start, ref) => {
    const { call } = await withChannel()
    const response = await call("GET", `/api/channels/${ref}`)
    expect(response.status).toBe(404)
    expect((await problemBody(response)).detail.length).toBeLessThan(600)
  })

  it.each(["/nothing", "/api", "/api/nothing", "/static/../api/nothing", "/static/htmx.js.map"])(
    "answers 404 to %s",
    async (path) => {
      const { call } = makeTestApp()
      const response = await call("GET", `http://localhost${path}`)
      expect(response.status).toBe(404)
      expect(response.headers.get("content-type")).toBe("application/problem+json")
    },
  )

  it("answers 404, not what is wrong with the body, when the channel does not exist", async () => {
    const { call } = makeTestApp()
    for (const [method, path] of [
      ["PUT", "/api/channels/7"],
      ["POST", "/api/channels/7/outputs"],
      ["PUT", "/api/channels/7/outputs/8"],
      ["POST", "/api/channels/7/cues"],
    ] as const) {
      expect((await call(method, path, {})).status).toBe(404)
    }
  })

  it("names every field of a cue that is wrong, in words", async () => {
    const { call } = await withChannel()
    const response = await call("POST", "/api/channels/1/cues", {
      pid: 31,
      command: "splice_null",
      pre_roll_s: -1,
      pts_time: 2 ** 33,
      out_of_network_indicator: "yes",
      event: 7,
      segmentation: [{ segmentation_type_id: 256, upid_text: "a\u202eb", restrictions: {} }, 7],
    })
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"])
    expect(new Map((await problemBody(response)).errors?.map((e) => [e.path, e.message]))).toEqual(
      new Map([
        ["event", "is not a known field"],
        ["pid", "must be a whole number from 32 to 8190, got 31"],
        ["command", 'must be one of splice_insert, time_signal, got "splice_null"'],
        ["pre_roll_s", "must be a number from 0 to 3600, got -1"],
        ["pts_time", "must be a whole number from 0 to 8589934591, got 8589934592"],
        ["out_of_network_indicator", 'must be true or false, got "yes"'],
        ["segmentation[0].segmentation_event_id", "is required"],
        ["segmentation[0].segmentation_type_id", "must be a whole number from 0 to 255, got 256"],
        ["segmentation[0].upid_text", "must not hold control or text-direction characters"],
        ["segmentation[0].restrictions.web_delivery_allowed_flag", "is required"],
        ["segmentation[0].restrictions.no_regional_blackout_flag", "is required"],
        ["segmentation[0].restrictions.archive_allowed_flag", "is required"],
        ["segmentation[0].restrictions.device_restrictions", "is required"],
        ["segmentation[1]", "must be an object, got 7"],
      ]),
    )
  })

  it.each([
    [{ scte35_pid: 31 }, "input.scte35_pid", "must be a whole number from 32 to 8190 or null, got 31"],
    [{ scte35_pid: 8191 }, "input.scte35_pid", "must be a whole number from 32 to 8190 or null, got 8191"],
    [{ manual_cues: "on" }, "input.manual_cues", 'must be true or false or null, got "on"'],
  ])("refuses the setting %j", async (input, path, message) => {
    const { call } = await withChannel()
    expect((await problemBody(await call("PUT", "/api/channels/1", { input }))).errors).toEqual([{ path, message }])
  })

  it("answers 409 with the field", async () => {
    const { call } = await withChannel()
    const response = await call("POST", "/api/channels", { name: "Twin", rtp_port: 5000 })
    expect(await problemBody(response)).toMatchObject({
      status: 409,
      errors: [{ path: "rtp_port", message: "port 5000 is used by another channel" }],
    })
  })
})
