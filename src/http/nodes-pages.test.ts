/** Pages of several machines, without a browser: everything works by forms alone. */
import { Effect } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import { placementView } from "./testing/fake-nodes.ts"
import { makeTestApp } from "./testing/test-app.ts"
import { type TwoNodes, twoNodes } from "./testing/two-nodes.ts"

let two: TwoNodes
let channel: ChannelView
const HTML = { Accept: "text/html" }

beforeEach(async () => {
  two = twoNodes()
  channel = await two.channel("Main event", 5000, "a")
})
const page = async (app: "a" | "b", path: string) => (await two[app].call("GET", path, undefined, HTML)).text()
const post = (app: "a" | "b", path: string, fields: Record<string, string> = {}) =>
  two[app].app.request(path, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...HTML },
    body: new URLSearchParams(fields).toString(),
  })

describe("the page of the nodes", () => {
  it("shows each with its channels, and what is wrong", async () => {
    two.nodes.b.placed.set(channel.id, placementView({ channel_id: channel.id, owner: "a", home: "b", dark: true }))
    two.nodes.b.standings.set("a", "gone")
    Object.assign(two.nodes.b, { databaseProblem: () => "PostgreSQL does not answer" })
    const text = await page("b", "/nodes")
    expect(text).toContain('id="node-a"')
    expect(text).toMatch(/b \(this one\)/)
    expect(text).toContain("gone, not heard of")
    expect(text).toContain('<a href="/channels/main-event">Main event</a> (dark: its node is gone')
    expect(text).toContain('hx-sse:connect="/live/nodes"')
    expect(text).toContain('<a href="/nodes" aria-current="page">Nodes</a>')
  })

  it("names the channels whose sources are passed on, and to which node", async () => {
    expect(await page("a", "/nodes")).not.toContain("sources relayed")
    const config = { input: { relay_port: 6000 } }
    for (const app of ["a", "b"] as const) await two[app].call("PUT", `/api/channels/${channel.id}`, config)
    expect(await page("a", "/nodes")).toContain("Main event</a>, sources relayed with b")
  })

  it("drains and resumes by its buttons, and says why it could not", async () => {
    const drained = await post("b", "/nodes/a/drain")
    expect([drained.status, drained.headers.get("location")]).toEqual([303, "/nodes"])
    expect((await post("b", "/nodes/a/resume")).status).toBe(303)
    expect(two.nodes.b.asked).toEqual([
      ["drain", "a"],
      ["resume", "a"],
    ])
    const refused = await post("b", "/nodes/nowhere/drain")
    expect(refused.status).toBe(404)
    expect(await refused.text()).toMatch(/role="alert">\s*there is no node &quot;nowhere&quot;/)
  })
})

describe("the page of a channel", () => {
  it("says where it runs and what its input needs to follow, also when another node passes it on", async () => {
    const needs = {
      follows: "no",
      legs: [
        {
          leg: "primary",
          follows: "no",
          needs: "the primary (10.0.0.1:5000) does not follow: it is sent to one machine",
        },
      ],
    } as const
    const plane = { inputNeeds: { of: () => Effect.succeed(needs) } }
    Object.assign(two.a.plane.inputNeeds, plane.inputNeeds)
    for (const app of ["a", "b"] as const) {
      const text = await page(app, "/channels/main-event")
      expect(text).toContain("Runs on <b>a</b>; home is <b>a</b>;")
      expect(text).toContain("Its input cannot follow: the node that takes over would have nothing to send.")
      expect(text).toContain("does not follow: it is sent to one machine")
      expect(text).toContain('action="/channels/main-event/move"')
    }
  })

  it("moves the channel and changes its standby by its forms, and says what was wrong", async () => {
    const moved = await post("b", "/channels/main-event/move", { node: "b" })
    expect([moved.status, moved.headers.get("location")]).toEqual([303, "/channels/main-event"])
    expect(
      (await post("a", "/channels/main-event/placement", { home: "a", standby: "", isolated: "keep" })).status,
    ).toBe(303)
    expect(two.nodes.b.asked).toEqual([["move", channel.id, "b", false]])
    expect(two.nodes.a.asked).toEqual([["setPlacement", channel.id, { home: "a", standby: null, isolated: "keep" }]])
    const refused = await post("a", "/channels/main-event/placement", { home: "a", standby: "a", isolated: "stop" })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain("is the home as well")
  })

  it("names the node that runs it in the URLs for receivers, whichever node shows it", async () => {
    two.passed.length = 0
    const made = await two.a.call("POST", "/api/channels/main-event/outputs", { url: "srt://:9000?mode=listener" })
    const output = (await made.json()) as ChannelView["outputs"][number]
    two.a.plane.show("main-event", { outputs: [{ ...output, options: { mode: "listener" } }] })
    for (const app of ["a", "b"] as const)
      expect(await page(app, "/channels/main-event")).toContain("srt://10.0.0.1:9000")
    expect(two.passed.map(({ line }) => line)).toEqual(["GET /channels/main-event"])
  })
})

it("a single machine shows nothing of it", async () => {
  const { call } = makeTestApp()
  await call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
  expect(await (await call("GET", "/", undefined, HTML)).text()).not.toContain("/nodes")
  expect(await (await call("GET", "/channels/main-event", undefined, HTML)).text()).not.toContain("placement")
  for (const path of ["/nodes", "/live/nodes"]) expect((await call("GET", path)).status).toBe(404)
})
