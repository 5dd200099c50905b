import { Redacted } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../../effects/model/channel.ts"
import { CLIENT_HEADER, PEER_HEADER } from "../access/peer.ts"
import { SECRET } from "../testing/fake-nodes.ts"
import { problemBody, withKey } from "../testing/test-app.ts"
import { type TwoNodes, twoNodes } from "../testing/two-nodes.ts"
import { channelOfPath } from "./channel-of-path.ts"
import { headersFor } from "./forward.ts"

let two: TwoNodes
let here: ChannelView
let there: ChannelView

beforeEach(async () => {
  two = twoNodes()
  here = await two.channel("Here", 5000, "a")
  there = await two.channel("There", 5002, "b")
  two.passed.length = 0
})

const lines = () => two.passed.map(({ line, to }) => `${to}: ${line}`)
const shownBy = async (app: "a" | "b", id: string) =>
  (await (await two[app].call("GET", `/api/channels/${id}`)).json()) as ChannelView

describe("channelOfPath", () => {
  it.each([
    ["/api/channels/main-event", "main-event"],
    ["/api/channels/1/outputs/2/start", "1"],
    ["/api/channels/a%20b/cues", "a b"],
    ["/api/channels/%zz/cues", "%zz"],
    ["/api/inputs/3", "3"],
    ["/channels/main-event", "main-event"],
    ["/channels/main-event/outputs/x/edit", "main-event"],
    ["/channels/x/thumbnail.jpg", "x"],
    ["/live/channels/x", "x"],
    ["/fragments/channels/x/figures", "x"],
    ["/hls/x/index.m3u8", "x"],
    ["/preview/x", "x"],
    // What any node answers.
    ["/api/channels", null],
    ["/api/channels/bulk", null],
    ["/channels/bulk", null],
    ["/api/channels/x/placement", null],
    ["/api/channels/x/move", null],
    ["/channels/x/move/", null],
    ["/channels/x/remove", null],
    ["/channels/x/outputs/y/remove", null],
    ["/api/nodes/x", null],
    ["/live/channels", null],
    ["/", null],
  ])("of %s is %s", (path, channel) => expect(channelOfPath(path)).toBe(channel))
})

describe("a request about a channel of another node", () => {
  it("is carried out and answered there, whichever of its names is used", async () => {
    for (const ref of [there.id, there.slug, String(there.number)]) {
      const answer = await two.a.call("POST", `/api/channels/${ref}/start`)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({ id: there.id, status: "running" })
    }
    expect(lines()).toEqual([there.id, there.slug, there.number].map((ref) => `b: POST /api/channels/${ref}/start`))
    expect((await shownBy("b", there.id)).status).toBe("running")
  })

  it("takes its query and body along", async () => {
    const answer = await two.a.call("PUT", `/api/channels/${there.id}`, { name: "Renamed ✓" }, { "If-Match": "*" })
    expect(answer.status).toBe(200)
    expect((await shownBy("b", there.id)).name).toBe("Renamed ✓")
    await two.a.call("GET", `/api/channels/${there.id}/events?limit=3&kind=switched`)
    expect(lines().at(-1)).toBe(`b: GET /api/channels/${there.id}/events?limit=3&kind=switched`)
  })

  it("is not passed on for a channel of this node, for one that does not exist, nor for OPTIONS", async () => {
    await two.a.call("POST", `/api/channels/${here.id}/start`)
    expect((await two.a.call("GET", "/api/channels/nowhere")).status).toBe(404)
    expect((await two.a.call("OPTIONS", `/api/channels/${there.id}`)).status).toBe(204)
    expect(lines()).toEqual([])
  })

  it("is passed on once: two nodes that each take the other for the owner do not play ball", async () => {
    two.nodes.b.owners.set(there.id, "a")
    const answer = await two.a.call("POST", `/api/channels/${there.id}/start`)
    expect(answer.status).toBe(200)
    expect(lines()).toEqual([`b: POST /api/channels/${there.id}/start`])
  })

  it("is asked again while the owner has not read of a channel yet that was just made here", async () => {
    const { id } = (await (
      await two.a.call("POST", "/api/channels", { name: "New", rtp_port: 5004 })
    ).json()) as ChannelView
    for (const one of Object.values(two.nodes)) one.owners.set(id, "b")
    const started = two.a.call("POST", `/api/channels/${id}/start`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await two.b.call("POST", "/api/channels", { name: "New", rtp_port: 5004 })
    expect((await started).status).toBe(200)
    expect(lines().length).toBeGreaterThan(1)
  })

  it("is answered from what this node has when it only looks and the owner is silent; a change is refused in words", async () => {
    two.silent.add("b")
    expect((await two.a.call("GET", `/api/channels/${there.id}`)).status).toBe(200)
    const refused = await two.a.call("POST", `/api/channels/${there.id}/start`)
    expect(refused.status).toBe(503)
    expect(refused.headers.get("retry-after")).toBe("2")
    expect(await problemBody(refused)).toMatchObject({
      type: "urn:stream-distributor:problem:node-unreachable",
      detail:
        "the channel runs on another node, and the node at 10.0.0.2:8000 does not answer; try again, or move the channel",
    })
    expect((await shownBy("a", there.id)).status).not.toBe("running")
  })

  it("does not go to what is no address of a node", async () => {
    two.addresses["b"] = "http://user:secret@10.0.0.2:8000/"
    const refused = await problemBody(await two.a.call("POST", `/api/channels/${there.id}/start`))
    expect(refused.detail).toContain("set NODE_ADDRESS there")
    expect(lines()).toEqual([])
  })
})

describe("who asks", () => {
  const PAGE = { "Content-Type": "application/x-www-form-urlencoded", Host: "tv.example", Origin: "http://tv.example" }

  it("a form of a page passes, under the name that the browser has for the node it is on", async () => {
    const answer = await two.a.app.request(`http://127.0.0.1/channels/${there.slug}/start`, {
      method: "POST",
      headers: { ...PAGE, Host: "127.0.0.1", Origin: "http://127.0.0.1" },
      body: "",
    })
    expect(answer.status).toBe(303)
    expect((await shownBy("b", there.id)).status).toBe("running")
  })

  it("a form of another site does not, and a header that claims to be a node does not help it", async () => {
    for (const forged of [{}, { [PEER_HEADER]: "guessed" }, { [PEER_HEADER]: "" }]) {
      const answer = await two.a.app.request(`/channels/${there.slug}/start`, {
        method: "POST",
        headers: { ...PAGE, ...forged, Host: "127.0.0.1", Origin: "http://evil.example" },
        body: "",
      })
      expect(answer.status).toBe(403)
    }
    expect(lines()).toEqual([])
  })

  it("the owner asks for the caller's own key, and records and counts the caller's own address", async () => {
    const keyed = twoNodes({ settings: withKey("k") })
    const channel = await keyed.channel("There", 5002, "b")
    keyed.passed.length = 0
    const wrong = await keyed.a.call("POST", `/api/channels/${channel.id}/start`, undefined, { "X-API-Key": "wrong" })
    expect(wrong.status).toBe(401)
    expect(keyed.passed).toEqual([])
    const right = await keyed.a.call("POST", `/api/channels/${channel.id}/start`, undefined, { "X-API-Key": "k" })
    expect(right.status).toBe(200)
    const audits = async (app: "a" | "b") =>
      (await (await keyed[app].call("GET", "/api/audit?text=start", undefined, { "X-API-Key": "k" })).json()) as {
        entries: ReadonlyArray<{ what: string; status: number; address: string }>
      }
    const starts = async (app: "a" | "b") =>
      (await audits(app)).entries.filter(({ what }) => what === "start a channel")
    expect(await starts("b")).toMatchObject([{ what: "start a channel", status: 200 }])
    expect(await starts("a")).toEqual([])
  })

  it("the address of a client is believed of a node, and of nobody else", async () => {
    const keyed = twoNodes({ settings: withKey("k") })
    const channel = await keyed.channel("Here", 5000, "a")
    const start = (headers: Record<string, string>) =>
      keyed.a.call("POST", `/api/channels/${channel.id}/start`, undefined, { "X-API-Key": "k", ...headers })
    await start({ [CLIENT_HEADER]: "203.0.113.7" })
    await start({ [CLIENT_HEADER]: "203.0.113.8", [PEER_HEADER]: "guessed" })
    await start({ [CLIENT_HEADER]: "203.0.113.9", [PEER_HEADER]: SECRET })
    const { entries } = (await (
      await keyed.a.call("GET", "/api/audit?text=start", undefined, { "X-API-Key": "k" })
    ).json()) as { entries: ReadonlyArray<{ address: string; what: string }> }
    const started = entries.filter(({ what }) => what === "start a channel")
    expect(started.map(({ address }) => address)).toEqual(["203.0.113.9", "an unknown address", "an unknown address"])
  })

  it("what a client writes into the headers of nodes is not passed on, and their secret is shown to no client", async () => {
    const answer = await two.a.call("GET", `/api/channels/${there.id}`, undefined, {
      [PEER_HEADER]: "guessed",
      [CLIENT_HEADER]: "203.0.113.1",
      "X-Distributor-Other": "x",
    })
    const [passed] = two.passed
    expect(passed?.headers.get(PEER_HEADER)).toBe(SECRET)
    expect(passed?.headers.get("x-distributor-other")).toBeNull()
    expect(passed?.headers.get(CLIENT_HEADER)).toBe("an unknown address")
    expect(JSON.stringify([...answer.headers])).not.toContain(SECRET)
    expect([
      ...headersFor(new Headers({ cookie: "c=1", "accept-encoding": "gzip" }), "::1", {
        peerSecret: Redacted.make("s"),
      }),
    ]).toEqual([
      ["cookie", "c=1"],
      [CLIENT_HEADER, "::1"],
      [PEER_HEADER, "s"],
    ])
  })
})

describe("lists", () => {
  it("show each channel as the node has it that runs it, in the order of the one that is asked", async () => {
    two.b.plane.show(there.id, { status: "running", uptime: 77 })
    two.a.plane.show(there.id, { status: "stopped", uptime: 1 })
    two.b.plane.show(here.id, { uptime: 5 })
    const { channels } = (await (await two.a.call("GET", "/api/channels")).json()) as {
      channels: ReadonlyArray<ChannelView>
    }
    expect(channels.map(({ name, status, uptime }) => [name, status, uptime])).toEqual([
      ["Here", here.status, here.uptime],
      ["There", "running", 77],
    ])
    const page = await (await two.a.call("GET", "/")).text()
    expect(page).toContain("Here")
    expect(page).toContain("There")
  })

  it("show what this node has while another one is silent, and ask a silent one no more than each 3 s", async () => {
    two.silent.add("b")
    for (let n = 0; n < 5; n++) {
      const { channels } = (await (await two.a.call("GET", "/api/channels")).json()) as { channels: unknown[] }
      expect(channels).toHaveLength(2)
    }
    expect(lines()).toEqual(["b: GET /internal/channels"])
  })

  it("are made of what nodes tell nodes alone", async () => {
    expect((await two.b.call("GET", "/internal/channels")).status).toBe(404)
    expect((await two.b.call("GET", "/internal/channels", undefined, { [PEER_HEADER]: "guessed" })).status).toBe(404)
    const told = await two.b.call("GET", "/internal/channels", undefined, { [PEER_HEADER]: SECRET })
    expect(((await told.json()) as { channels: ReadonlyArray<ChannelView> }).channels.map(({ name }) => name)).toEqual([
      "There",
    ])
  })
})
