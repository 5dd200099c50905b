import { Effect } from "effect"
import { expect, it } from "vitest"
import type { MuteInput } from "../../effects/notifications/notification-bodies.ts"
import { channelConfig, outputConfig } from "../../effects/testing/configs.ts"
import { memoryNotifications } from "../../effects/testing/notifications.ts"
import { fakeChannelFigures, fakeMetrics, fakeOutputFigures } from "../testing/fake-metrics.ts"
import { makeTestApp } from "../testing/test-app.ts"

const outputs = ["cdn", "spare"].map((slug) => outputConfig({ id: slug, slug }))
const configs = ["news", "sport"].map((slug) => channelConfig({ id: slug, slug, outputs }))

/** Samples of mutes that are 1, by their labels. */
const mutedBy = async (...mutes: ReadonlyArray<MuteInput>): Promise<ReadonlyArray<string>> => {
  const notifications = memoryNotifications(() => configs)
  for (const mute of mutes) await Effect.runPromise(notifications.mute(mute))
  const channels = configs.map((config) =>
    fakeChannelFigures({ config, outputs: outputs.map((of) => fakeOutputFigures({ config: of })) }),
  )
  const { call } = makeTestApp({
    over: { metrics: { view: Effect.succeed(fakeMetrics(channels)) }, notifications },
  })
  const text = await (await call("GET", "/metrics")).text()
  const samples = text.split("\n").filter((line) => /^distributor_(\w+_)?muted/.test(line))
  expect(samples).toHaveLength(1 + 2 + 4)
  return samples.flatMap((line) => (line.endsWith(" 1") ? [line.slice("distributor_".length, -2)] : []))
}

it("tells what a mute covers: the whole, a channel with its outputs, or one output", async () => {
  expect(await mutedBy()).toEqual([])
  expect(await mutedBy({ channel: "news", output: "cdn", minutes: 5 })).toEqual([
    'output_muted{channel="news",output="cdn"}',
  ])
  expect(await mutedBy({ channel: "sport", minutes: 5 })).toEqual([
    'channel_muted{channel="sport"}',
    'output_muted{channel="sport",output="cdn"}',
    'output_muted{channel="sport",output="spare"}',
  ])
  expect(await mutedBy({ minutes: 5 })).toHaveLength(7)
})

it("tells nothing of a window that has not begun", async () => {
  const [starts, until] = [1, 2].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString())
  expect(await mutedBy({ starts: starts ?? "", until: until ?? "" })).toEqual([])
})
