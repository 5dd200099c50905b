import { Effect } from "effect"
import { assert, describe, expect, it } from "vitest"
import type { ChannelView } from "../../effects/model/channel.ts"
import { fakeInput, fakeOutput, fakeScte35 } from "../testing/fake-views.ts"
import { makeTestApp, problemBody } from "../testing/test-app.ts"
import { makeEtags } from "./etag.ts"

const NEW = {
  name: "Main event",
  rtp_port: 5000,
  outputs: [{ name: "CDN", url: "srt://destination:9000?streamid=publish" }],
}
const CHANNEL = "/api/channels/main-event"
const OUTPUT = `${CHANNEL}/outputs/cdn`

const { ofChannel, ofOutput } = makeEtags({ secretsTag: () => "" })

const withChannel = async (over: Parameters<typeof makeTestApp>[0] = {}) => {
  const test = makeTestApp(over)
  await test.call("POST", "/api/channels", NEW)
  const tagOf = async (path: string) => (await test.call("GET", path)).headers.get("etag") ?? ""
  return { ...test, tagOf }
}

describe("ETag", () => {
  it("is in every answer with a channel or an output, and the same for the same state", async () => {
    const { call, tagOf } = await withChannel()
    const tag = await tagOf(CHANNEL)
    expect(tag).toMatch(/^"[\w-]{22}"$/)
    for (const ref of ["1", "main-event/"]) expect(await tagOf(`/api/channels/${ref}`)).toBe(tag)
    expect((await call("POST", `${CHANNEL}/start`)).headers.get("etag")).toBe(tag)
    expect((await call("POST", `${CHANNEL}/stop`)).headers.get("etag")).toBe(tag)
    const created = await call("POST", `${CHANNEL}/outputs`, { name: "Second", url: "srt://h:1" })
    expect(created.headers.get("etag")).toBe(await tagOf(`${CHANNEL}/outputs/second`))
    const changed = await call("PUT", OUTPUT, { name: "Renamed" })
    expect(changed.headers.get("etag")).toBe(await tagOf(OUTPUT))
    expect(await tagOf(CHANNEL)).not.toBe(tag)
  })

  it("follows the configuration and no live figure", async () => {
    const { call, plane, tagOf } = await withChannel()
    const paths = [CHANNEL, OUTPUT, "/api/channels", `${CHANNEL}/outputs`]
    const before = await Promise.all(paths.map(tagOf))
    plane.show("1", {
      status: "running",
      uptime: 9,
      error: "x",
      active_source: "backup",
      scte35: fakeScte35({ cues: 3 }),
      input: fakeInput({ switches: 9 }),
      outputs: [
        fakeOutput({
          ...(await body(call("GET", OUTPUT))),
          bitrate: 7,
          status: "connected",
          warnings: ["w"],
          cues_sent: 2,
        }),
      ],
    })
    expect(await Promise.all(paths.map(tagOf))).toEqual(before)
    await call("PUT", OUTPUT, { enabled: false })
    const after = await Promise.all(paths.map(tagOf))
    for (const [i, tag] of after.entries()) expect(tag, paths[i]).not.toBe(before[i])
  })

  it.each([
    ["name", { name: "B" }],
    ["rtp_port", { rtp_port: 5001 }],
    ["backup_rtp_ip", { backup_rtp_ip: "127.0.0.1" }],
    ["autostart", { autostart: true }],
    ["input", { input: fakeInput({ reorder_ms: 51 }) }],
    ["outputs", { outputs: [] }],
  ] as const)("changes with %s of a channel", async (_field, over) => {
    const channel = await body<ChannelView>((await withChannel()).call("GET", CHANNEL))
    expect(ofChannel({ ...channel, ...over })).not.toBe(ofChannel(channel))
  })

  it("does not depend on the order in which settings were given", () => {
    const one = fakeOutput({ id: "o", settings: { segment_s: 4, cue_tags: "both" } })
    const other = fakeOutput({ id: "o", settings: { cue_tags: "both", segment_s: 4 } })
    expect(ofOutput(one)).toBe(ofOutput(other))
    expect(ofOutput(fakeOutput({ id: "o", settings: { segment_s: 5, cue_tags: "both" } }))).not.toBe(ofOutput(one))
  })
})

const body = async <A extends { readonly id: string }>(response: Promise<Response>): Promise<A> =>
  (await (await response).json()) as A

describe("If-Match", () => {
  it.each([
    ["PUT", CHANNEL, { name: "Renamed" }, 200],
    ["DELETE", CHANNEL, undefined, 204],
    ["PUT", OUTPUT, { name: "Renamed" }, 200],
    ["DELETE", OUTPUT, undefined, 204],
  ] as const)("lets %s %s through in the state it names, and in no other", async (method, path, change, status) => {
    const { call, tagOf } = await withChannel()
    const old = await tagOf(path)
    await call("PUT", path, { name: "Somebody else" })
    const current = path === CHANNEL ? CHANNEL.replace("main-event", "1") : path
    const refused = await call(method, current, change, { "If-Match": old })
    expect(refused.status).toBe(412)
    expect(await problemBody(refused)).toMatchObject({
      type: "urn:stream-distributor:problem:precondition-failed",
      errors: [{ path: "If-Match" }],
    })
    const tag = await tagOf(current)
    expect(refused.headers.get("etag")).toBe(tag)
    expect(await body(call("GET", current))).toMatchObject({ name: "Somebody else" })
    expect((await call(method, current, change, { "If-Match": `"other", ${tag}` })).status).toBe(status)
  })

  it("is any state with *, and never a weak tag", async () => {
    const { call, tagOf } = await withChannel()
    expect((await call("PUT", CHANNEL, { name: "A" }, { "If-Match": "*" })).status).toBe(200)
    expect(
      (await call("PUT", "/api/channels/1", { name: "B" }, { "If-Match": `W/${await tagOf("/api/channels/1")}` }))
        .status,
    ).toBe(412)
  })

  it.each(["abc", '"abc', "", '"a" "b"', ",", "*, *"])("that is %j is refused with 400", async (given) => {
    const { call } = await withChannel()
    const response = await call("PUT", CHANNEL, { name: "A" }, { "If-Match": given })
    expect(response.status).toBe(400)
    expect((await problemBody(response)).errors?.[0]?.path).toBe("If-Match")
  })

  it("is of no use where nothing is: 404", async () => {
    const { call } = await withChannel()
    for (const path of ["/api/channels/7", `${CHANNEL}/outputs/7`]) {
      expect((await call("DELETE", path, undefined, { "If-Match": "*" })).status).toBe(404)
    }
  })

  it("lets one of many writers through that read the same state", async () => {
    const slow = await withChannel()
    const { channels } = slow.plane
    // The change itself takes a while, as with a store on a disk.
    const update: typeof channels.update = (ref, input, check) =>
      channels.update(ref, input, Effect.zipLeft(check ?? Effect.void, Effect.yieldNow()))
    const test = makeTestApp({ over: { ...slow.plane, channels: { ...channels, update } } })
    const tag = (await test.call("GET", CHANNEL)).headers.get("etag") ?? ""
    const names = Array.from({ length: 20 }, (_, i) => `Writer ${i}`)
    const answers = await Promise.all(
      names.map((name) =>
        test.call("PUT", "/api/channels/1", { name }, { "If-Match": tag }).then(({ status }) => ({ name, status })),
      ),
    )
    const winners = answers.filter(({ status }) => status === 200)
    assert(winners.length === 1)
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19)
    expect(await body(test.call("GET", "/api/channels/1"))).toMatchObject({ name: winners[0]?.name })
  })
})
