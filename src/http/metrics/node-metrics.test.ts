import { Effect } from "effect"
import { expect, it } from "vitest"
import { fakeChannelFigures, fakeMetrics } from "../testing/fake-metrics.ts"
import { fakeNodes, placementView } from "../testing/fake-nodes.ts"
import { makeTestApp } from "../testing/test-app.ts"

const samples = (text: string) => text.split("\n").filter((line) => line.startsWith("distributor_node_"))

it("tells of every node, and of what this one took over", async () => {
  const nodes = fakeNodes("b")
  nodes.standings.set("a", "gone")
  const last_move = { from: "a", to: "b", reason: "taken over", at: "2026-01-02T03:04:05.000Z", gap_ms: 8100 } as const
  nodes.placed.set("x", placementView({ channel_id: "x", owner: "b", home: "a", last_move }))
  nodes.placed.set("y", placementView({ channel_id: "y", owner: "a", dark: true }))
  const text = await (await makeTestApp({ over: { nodes } }).call("GET", "/metrics")).text()
  expect(samples(text)).toEqual([
    'distributor_node_up{node="a"} 0',
    'distributor_node_up{node="b"} 1',
    'distributor_node_silent_seconds{node="a"} 0.4',
    'distributor_node_silent_seconds{node="b"} 0.4',
    'distributor_node_channels{node="a"} 1',
    'distributor_node_channels{node="b"} 1',
    'distributor_node_standby_channels{node="a"} 0',
    'distributor_node_standby_channels{node="b"} 0',
    'distributor_node_capacity{node="a"} 60',
    'distributor_node_capacity{node="b"} 60',
    "distributor_node_database_up 1",
    "distributor_node_dark_channels 1",
    "distributor_node_taken_over_channels 1",
  ])
})

it("tells of the channels that run here alone: what a standby lacks is no fault", async () => {
  const channels = async (self: "a" | "b") => {
    const view = Effect.sync(() => fakeMetrics([fakeChannelFigures()]))
    const { call } = makeTestApp({ over: { nodes: fakeNodes(self), metrics: { view } } })
    const text = await (await call("GET", "/metrics")).text()
    return text.split("\n").filter((line) => line.startsWith("distributor_channel_desired")).length
  }
  expect(await channels("a")).toBeGreaterThan(0)
  expect(await channels("b")).toBe(0)
})

it("a single machine has none of them", async () => {
  const text = await (await makeTestApp().call("GET", "/metrics")).text()
  expect(samples(text)).toEqual([])
  expect(text).not.toContain("distributor_node_")
})
