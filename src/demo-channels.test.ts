import { Effect } from "effect"
import { afterEach, expect, it } from "vitest"
import { demoChannels } from "./demo-channels.ts"
import { makeRealApps } from "./http/testing/real-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

it("the demo changes between RTP and SRT, and keeps its output", async () => {
  const { plane } = await apps.start()
  const demo = (bySrt: boolean) => Effect.runPromise(demoChannels(plane.channels, plane.outputs, bySrt))
  const slugs = async () => (await Effect.runPromise(plane.channels.list)).map(({ slug }) => slug)
  const first = await demo(false)
  expect(first.fed.id).toBe(first.demo.id)
  expect(first.demo).toMatchObject({ rtp_ip: "127.0.0.1", input_url: null })

  for (const again of [1, 2]) {
    const { demo: channel, fed } = await demo(true)
    const port = channel.input.legs[0]?.port
    expect([again, channel.input_url]).toEqual([again, `srt://127.0.0.1:${port}?mode=listener`])
    expect(fed).toMatchObject({ slug: "demo-source", outputs: [{ url: `srt://127.0.0.1:${port}?mode=caller` }] })
    expect(fed.rtp_port).not.toBeNull()
    expect(channel.outputs.map(({ url }) => url)).toEqual(first.demo.outputs.map(({ url }) => url))
  }
  expect(await slugs()).toEqual(["demo", "demo-source"])

  expect((await demo(false)).demo).toMatchObject({ input_url: null, rtp_ip: "127.0.0.1" })
  expect(await slugs()).toEqual(["demo"])
})
