/** How often the URLs of outputs are read: once for each stored output, not once for each request. */
import { afterEach, expect, it } from "vitest"
import { outputsRead } from "../effects/config/output-place.ts"
import { makeRealApps } from "./testing/real-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const CHANNELS = 50
const OUTPUTS = 8

/** A document with 50 channels of 8 outputs each. */
const document = {
  version: 1,
  channels: Array.from({ length: CHANNELS }, (_, channel) => ({
    slug: `channel-${channel}`,
    name: `Channel ${channel}`,
    rtp_ip: "127.0.0.1",
    rtp_port: 6000 + 2 * channel,
    outputs: Array.from({ length: OUTPUTS }, (_, output) => ({
      slug: `output-${output}`,
      name: `Output ${output}`,
      url: output === 0 ? `srt://:${10_000 + channel}` : `udp://192.0.2.1:${20_000 + OUTPUTS * channel + output}`,
    })),
  })),
}

it("one POST reads the URL it brings, and none of the 400 that are stored", async () => {
  const app = await apps.start()
  const counts: Record<string, number> = {}
  const count = async (what: string, method: string, path: string, body?: unknown) => {
    const before = outputsRead()
    const { status } = await app.call(method, path, body)
    counts[what] = outputsRead() - before
    expect([what, status < 300]).toEqual([what, true])
  }
  await count("document", "PUT", "/api/config", document)
  await count("list", "GET", "/api/channels")
  await count("list again", "GET", "/api/channels")
  await count("post", "POST", "/api/channels/channel-7/outputs", { url: "srt://192.0.2.9:9000" })
  await count("post again", "POST", "/api/channels/channel-7/outputs", { url: "srt://192.0.2.9:9001" })
  await count("post channel", "POST", "/api/channels", {
    name: "New",
    rtp_port: 7000,
    outputs: [{ url: "srt://:9100" }],
  })
  // Once as what is asked for, once as what is stored.
  expect(counts["post"]).toBeLessThanOrEqual(2)
  expect(counts["post again"]).toBeLessThanOrEqual(2)
  expect(counts["post channel"]).toBeLessThanOrEqual(2)
  expect(counts["list again"]).toBe(0)
})
