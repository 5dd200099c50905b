/** Mutes of channels and outputs that are removed, brought back, and followed by others of their names. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"

const apps = makeRealApps()
let real: RealApp
beforeAll(async () => {
  real = await apps.start()
})
afterAll(apps.stopAll)

const NEWS = { name: "News", rtp_port: 5000, outputs: [{ name: "cdn", url: "srt://192.0.2.7:9000" }] }

/** What is muted, by the list of mutes and by the metrics. */
const muted = async () => {
  const { body } = await real.call<{ mutes: ReadonlyArray<Record<string, unknown>> }>("GET", "/api/notifications/mutes")
  const lines = (await real.call("GET", "/metrics")).text.split("\n")
  return {
    listed: body.mutes.map(({ channel, output }) => `${channel}/${output ?? "*"}`).sort(),
    measured: lines.filter((line) => /_muted\{.* 1$/.test(line)).map((line) => line.replace(/^distributor_| 1$/g, "")),
  }
}
const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
const NOTHING = { listed: [], measured: [] }
const OF_CDN = 'output_muted{channel="news",output="cdn"}'

const made = async (path: string, body: unknown) => expect((await real.call("POST", path, body)).status).toBe(201)

/** Removes something by its form; tells where that can be undone. */
const remove = async (path: string) => {
  const { headers, status } = await real.call("POST", `${path}/remove`, "confirmed=yes", FORM)
  expect(status).toBe(303)
  return `/undo/${/undo=([\w-]+)/.exec(headers.get("location") ?? "")?.[1]}`
}
const undo = async (path: string) => expect((await real.call("POST", path, "", FORM)).status).toBe(303)

describe("a mute", () => {
  it("ends with its output and comes back with it, but not with another of its name", async () => {
    await made("/api/channels", NEWS)
    await made("/api/notifications/mutes", { channel: "news", output: "cdn", minutes: 60 })
    const before = { listed: ["news/cdn"], measured: [OF_CDN] }
    expect(await muted()).toEqual(before)
    const back = await remove("/channels/news/outputs/cdn")
    expect(await muted()).toEqual(NOTHING)
    await undo(back)
    expect(await muted()).toEqual(before)
    await remove("/channels/news/outputs/cdn")
    await made("/api/channels/news/outputs", NEWS.outputs[0])
    expect(await muted()).toEqual(NOTHING)
  })

  it("ends with its channel and comes back with it, but not with another of its name", async () => {
    await made("/api/notifications/mutes", { channel: "news", minutes: 60 })
    const before = { listed: ["news/*"], measured: ['channel_muted{channel="news"}', OF_CDN] }
    expect(await muted()).toEqual(before)
    const back = await remove("/channels/news")
    expect(await muted()).toEqual(NOTHING)
    await undo(back)
    expect(await muted()).toEqual(before)
    await remove("/channels/news")
    await made("/api/channels", NEWS)
    expect(await muted()).toEqual(NOTHING)
  })
})
