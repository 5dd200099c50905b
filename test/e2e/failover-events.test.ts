/** Events of a channel outlive a restart of the product, and later events are added to them. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { Feed } from "./channel-feed.ts"
import { eventsOf, FailoverStage } from "./failover-stage.ts"
import { Product } from "./product.ts"

let product: Product
let feed: Feed

beforeAll(async () => {
  const started = await Promise.all([Product.start(), Feed.start()])
  product = started[0]
  feed = started[1]
})
afterAll(async () => {
  await feed.kill()
  await product.dispose()
})

const restart = async (signal: "SIGTERM" | "SIGKILL"): Promise<Product> => {
  await product.kill(signal)
  product = await Product.start({ dataDir: product.dataDir, port: product.port })
  return product
}

it("events are kept over a restart and over kill -9, in their order, with ids that only grow", async () => {
  const on = await FailoverStage.open(product, feed, {
    name: "History",
    input: { failover_after_ms: 1500, failback: "manual" },
  })
  await on.ready()
  await on.primary.is("silent")
  await on.shows("B", 0.2)
  await on.event("redundancy_lost")
  const before = await on.events()
  expect(before.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["started", "switched", "leg_lost", "redundancy_lost"]),
  )
  expect(before.map(({ id }) => id)).toEqual(before.map(({ id }) => id).toSorted((a, b) => b - a))
  for (const { at } of before) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const next = await restart(signal)
    const kept = await eventsOf(next, "history")
    expect(kept.slice(-before.length)).toEqual(before)
    await next.until("running again", "history", (v) => v.status === "running", 15_000)
  }
  // The channel is still on the backup, as it was left, even with a new engine; the next event comes on top of those
  // that were kept.
  const newest = (await eventsOf(product, "history"))[0]
  expect(await product.view("history")).toMatchObject({ active_source: "backup" })
  await on.primary.is("none")
  await product.until("the primary is back", "history", (v) => v.input.redundancy === "ok", 10_000)
  expect((await product.api("POST", "/api/channels/history/switch", { source: "primary" })).status).toBe(200)
  await product.until("switched", "history", (v) => v.active_source === "primary")
  const [last] = await eventsOf(product, "history", "switched")
  expect(last).toMatchObject({ source: "primary", message: expect.stringContaining("operator") })
  expect(last?.id).toBeGreaterThan(newest?.id ?? Number.POSITIVE_INFINITY)
  const older = await product.api<{ events: unknown[] }>(
    "GET",
    `/api/channels/history/events?before=${last?.id}&limit=2`,
  )
  expect(older.body.events).toHaveLength(2)
  on.udp.close()
})
