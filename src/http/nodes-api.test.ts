import { beforeEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"
import { type TwoNodes, twoNodes } from "./testing/two-nodes.ts"

let two: TwoNodes
let channel: ChannelView

beforeEach(async () => {
  two = twoNodes()
  channel = await two.channel("Main event", 5000, "a")
})
const json = async (response: Response | Promise<Response>) =>
  (await response).json() as Promise<Record<string, unknown>>

describe("nodes", () => {
  it("are listed by any of them, with the channels that they run", async () => {
    const nodes = [
      { name: "a", channels: [{ id: channel.id, slug: "main-event", name: "Main event" }] },
      { name: "b", channels: [] },
    ]
    expect(await json(two.a.call("GET", "/api/nodes"))).toMatchObject({ self: "a", database_problem: null, nodes })
    expect(await json(two.b.call("GET", "/api/nodes"))).toMatchObject({ self: "b", nodes })
    expect(await json(two.b.call("GET", "/api/nodes/a"))).toMatchObject({ name: "a", self: false, owns: 1 })
    expect((await two.a.call("GET", "/api/nodes/nowhere")).status).toBe(404)
  })

  it("are changed, drained and resumed", async () => {
    expect((await two.b.call("PATCH", "/api/nodes/a", { capacity: 30, labels: { rack: "b2" } })).status).toBe(200)
    expect(await json(two.b.call("POST", "/api/nodes/a/drain"))).toMatchObject({ name: "a", state: "draining" })
    expect(await json(two.b.call("POST", "/api/nodes/a/resume"))).toMatchObject({ name: "a", state: "alive" })
    expect(two.nodes.b.asked).toEqual([
      ["setNode", "a", { capacity: 30, labels: { rack: "b2" } }],
      ["drain", "a"],
      ["resume", "a"],
    ])
  })

  it("tell of each channel that leaves, with its gap, to who follows", async () => {
    const answer = await two.b.call("POST", "/api/nodes/a/drain?follow=1")
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson")
    expect(
      (await answer.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([{ channel_id: channel.id, to: "b", gap_ms: 420, why: null }])
    expect((await two.b.call("POST", "/api/nodes/a/drain?follow=maybe")).status).toBe(400)
  })
})

describe("where a channel runs", () => {
  it("is shown and changed at any node, without being passed on", async () => {
    two.passed.length = 0
    expect(await json(two.b.call("GET", "/api/channels/main-event/placement"))).toMatchObject({ owner: "a", home: "a" })
    const change = { home: "b", standby: "a", isolated: "keep" }
    expect(await json(two.b.call("PUT", "/api/channels/main-event/placement", change))).toMatchObject(change)
    expect(await json(two.b.call("POST", "/api/channels/main-event/move", { node: "b" }))).toMatchObject({
      owner: "a",
      moving_to: "b",
    })
    expect(two.nodes.b.asked).toEqual([
      ["setPlacement", channel.id, change],
      ["move", channel.id, "b", false],
    ])
    expect(two.passed).toEqual([])
  })

  it.each([
    ["PUT", "placement", { standby: "a" }, 400, "standby", "is the home as well"],
    ["PUT", "placement", { home: "nowhere" }, 400, "home", "the nodes are a, b"],
    ["PUT", "placement", { standby: "Ünknown" }, 400, "standby", "must be the name of a node"],
    ["PUT", "placement", { isolated: "maybe" }, 400, "isolated", "stop"],
    ["POST", "move", { node: "nowhere" }, 400, "node", "the nodes are a, b"],
    ["POST", "move", { node: "a" }, 409, "node", "runs on a already"],
    ["POST", "move", {}, 400, "node", ""],
  ] as const)("%s %s %j is refused: %i %s", async (method, what, body, status, path, message) => {
    const answer = await two.b.call(method, `/api/channels/main-event/${what}`, body)
    expect(answer.status).toBe(status)
    const problem = await problemBody(answer)
    expect(problem.errors?.map((error) => error.path)).toContain(path)
    expect(problem.detail).toContain(message)
    expect(two.nodes.b.asked).toEqual([])
  })
})

describe("a single machine", () => {
  it("has no nodes, and says what to do where one would be needed", async () => {
    const { call } = makeTestApp()
    await call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
    expect(await json(call("GET", "/api/nodes"))).toEqual({ self: null, database_problem: null, nodes: [] })
    for (const [method, path, body] of [
      ["GET", "/api/channels/main-event/placement", undefined],
      ["PUT", "/api/channels/main-event/placement", { home: "a" }],
      ["POST", "/api/channels/main-event/move", { node: "a" }],
      ["POST", "/api/nodes/a/drain", undefined],
    ] as const) {
      const answer = await call(method, path, body)
      expect([path, answer.status]).toEqual([path, 409])
      expect((await problemBody(answer)).detail).toContain("set NODES=on and DATABASE_URL")
    }
    expect((await call("GET", "/internal/channels", undefined, { "X-Distributor-Peer": "" })).status).toBe(404)
  })
})
