/**
 * Accounts that are bound to tags: on no route does anything of another's channel appear, and whoever asks for it is
 * told what is told of a channel that never was.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isOpenToBound } from "./access/bound.ts"
import { RULES, type Rule } from "./access/roles.ts"
import { type BoundStation, namesOthers, OWN_CHANNEL, startBoundStation } from "./testing/bound-station.ts"
import { makeRealApps } from "./testing/real-app.ts"

const apps = makeRealApps()
/** Used by tests that leave it as it was. */
let station: BoundStation
beforeAll(async () => {
  station = await startBoundStation(apps)
})
afterAll(apps.stopAll)

/** Routes whose callers are none of the accounts, and the WebSockets, which have tests of their own. */
const isWalked = ({ path, role }: Rule) => role !== "free" && path !== "/ws" && path !== "/preview/:id"
const at = ({ path }: Rule, values: Readonly<Record<string, string>>) =>
  path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? "none")

/** What an answer says, whatever it was asked with and at which Unix ms. */
const withoutNames = (text: string, names: ReadonlyArray<string>) =>
  names.reduce(
    (rest, name) => rest.replace(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, "g"), "NAME"),
    text.replace(/\d{13}/g, "TIME"),
  )

describe("an account that is bound to tags", () => {
  it("sees its own channels on every page and in every answer that it may look at, and no other", async () => {
    const { ask, hidden, own, keys } = station
    const looks = RULES.filter(
      (rule) => rule.method === "GET" && isWalked(rule) && !/:(?!id\b|output\b)/.test(rule.path),
    )
    /** Paths on which an operator without tags is shown what was planted. */
    const planted: string[] = []
    const shown: string[] = []
    for (const rule of looks) {
      for (const query of /cues|events|egress|as-run|figures/.test(rule.path) ? ["", "?format=csv"] : [""]) {
        const path = at(rule, { id: own.id, output: "own-out" }) + query
        if (namesOthers((await ask("GET", path, keys.whole)).text)) planted.push(path)
        for (const key of [keys.viewer, keys.operator]) {
          const { status, text } = await ask("GET", path, key)
          expect([path, namesOthers(text)]).toEqual([path, false])
          expect([path, status < 500]).toEqual([path, true])
          if (text.includes(OWN_CHANNEL)) shown.push(path)
        }
      }
    }
    for (const hiddenRef of [hidden.id, String(hidden.number)])
      for (const rule of looks.filter(({ path }) => path.includes(":id"))) {
        const path = at(rule, { id: hiddenRef, output: hidden.output })
        if (namesOthers((await ask("GET", path, keys.whole)).text)) planted.push(path)
      }
    // The search finds what is there: the walk would notice.
    for (const path of ["/", "/wall", "/live/channels", "/live/wall", "/cues", "/events", "/live/cues", "/live/events"])
      expect(planted).toContain(path)
    for (const path of ["/api/channels", "/api/inputs", "/api/cues", "/api/events?format=csv", "/api/config/changes"])
      expect(planted).toContain(path)
    for (const path of [
      "/api/config",
      "/api/config/channels.json",
      "/metrics",
      "/api/notifications/mutes",
      "/add/output",
    ])
      expect(planted).toContain(path)
    for (const below of ["", "/events", "/cues", "/history", "/as-run"])
      expect(planted).toContain(`/channels/${hidden.id}${below}`)
    for (const path of [
      "/",
      "/wall",
      "/live/channels",
      "/cues",
      "/events",
      "/api/channels",
      "/api/cues",
      "/api/events",
    ])
      expect(shown).toContain(path)
    expect(shown).toContain(`/channels/${own.id}`)
    expect(shown).toContain("/api/config/changes")
    expect(shown).not.toContain("/metrics")
  })

  it("shares no open page with those who see more, or other channels", async () => {
    const { app, keys } = station
    const text = new TextDecoder()
    for (const path of ["/live/channels", "/live/wall", "/live/cues", "/live/events"]) {
      const readers = []
      for (const key of [keys.whole, keys.operator]) {
        const { body } = await app.request(path, { headers: { "X-API-Key": key } })
        const reader = body?.getReader()
        readers.push({ reader, first: text.decode((await reader?.read())?.value) })
      }
      expect([path, ...readers.map(({ first }) => namesOthers(first))]).toEqual([path, true, false])
      for (const { reader } of readers) await reader?.cancel()
    }
  })

  it("is told of another's channel what is told of one that never was, and changes nothing about it", async () => {
    const { admin, ask, hidden, keys, other } = station
    const unknown = { id: crypto.randomUUID(), number: 987654, output: crypto.randomUUID() }
    const state = async () => JSON.stringify([(await admin("GET", "/api/config?secrets=1")).body, await other()])
    const before = await state()
    let compared = 0
    for (const rule of RULES.filter(isWalked)) {
      if (
        !/\/:(?:id|channel)/.test(rule.path) ||
        /^\/(?:api\/)?(?:settings|notifications|medialive|keys)/.test(rule.path)
      )
        continue
      for (const kind of ["json", "form"] as const)
        for (const [id, none] of [
          [hidden.id, unknown.id],
          [String(hidden.number), String(unknown.number)],
        ] as const) {
          const [asked, nothing] = [
            await ask(rule.method, at(rule, { id, output: hidden.output }), keys.operator, kind),
            await ask(rule.method, at(rule, { id: none, output: unknown.output }), keys.second, kind),
          ]
          const names = [id, none, hidden.output, unknown.output, "key operator", "key second"]
          expect([rule.method, rule.path, asked.status]).toEqual([rule.method, rule.path, nothing.status])
          expect(withoutNames(asked.text, names)).toBe(withoutNames(nothing.text, names))
          expect([rule.path, asked.status >= 400 || rule.method === "GET"]).toEqual([rule.path, true])
          expect(namesOthers(withoutNames(asked.text, names))).toBe(false)
          compared++
        }
    }
    expect(compared).toBeGreaterThan(200)
    expect(await state()).toBe(before)
  })

  it("is refused what is of the whole service, in words, and nothing that is of channels", async () => {
    const { ask, keys } = station
    for (const rule of RULES.filter(isWalked)) {
      if (isOpenToBound(rule.method, at(rule, {})) || rule.role === "admin") continue
      const { status, text } = await ask(rule.method, at(rule, {}), keys.operator)
      expect([rule.path, status]).toEqual([rule.path, 403])
      expect(text).toContain("this is of the whole service; key operator is bound to the tags sport")
    }
    const closed = RULES.filter((rule) => rule.role !== "admin" && !isOpenToBound(rule.method, at(rule, {})))
    expect(new Set(closed.map(({ path }) => path.replace(/^\/(?:api|live|settings)\//, "/").split("/")[1]))).toEqual(
      new Set([
        "metrics",
        "engine",
        "engines",
        "health",
        "system",
        "config",
        "notifications",
        "nodes",
        "medialive",
        "templates",
        "channels",
      ]),
    )
    expect(
      closed.filter(({ path }) => path.includes("/channels/")).every(({ path }) => path.includes("medialive")),
    ).toBe(true)
  })

  it("names none of another's channels in a body or a form, where it is not found either", async () => {
    const { admin, ask, hidden, keys, other, send } = station
    const before = await other()
    for (const ref of [hidden.id, hidden.slug]) {
      const bulk = await send("POST", "/api/channels/bulk", { action: "stop", channels: [ref] }, keys.operator)
      expect(bulk.body).toMatchObject({ results: [{ ok: false, error: { status: 404 } }] })
      const mute = await send("POST", "/api/notifications/mutes", { channel: ref, minutes: 5 }, keys.operator)
      expect([mute.status, mute.text]).toEqual([400, expect.stringContaining("there is no channel")])
      for (const [path, fields] of [
        ["/outputs", { channel: ref, url: "srt://192.0.2.9:9000" }],
        ["/outputs/many", { channel: ref, urls: "srt://192.0.2.9:9000" }],
        ["/outputs/to-many", { channel: ref, url: "srt://192.0.2.9:9000" }],
        ["/outputs/test", { channel: ref, url: "srt://192.0.2.9:9000" }],
        ["/channels/bulk", { channel: ref, action: "stop", confirmed: "yes" }],
        ["/channels/bulk", { channel: ref, action: "mute" }],
        ["/notices/mute", { key: `input_lost:${hidden.slug}` }],
        ["/fragments/interpret", { channel: ref, url: "srt://192.0.2.9:9000" }],
        ["/fragments/check-channel", { channel: ref, rtp_port: "5100" }],
        ["/settings/notifications/mutes", { channel: ref, minutes: "5" }],
      ] as const) {
        const answer = await ask("POST", path, keys.operator, fields)
        expect([path, namesOthers(answer.text.replaceAll(hidden.slug, ""))]).toEqual([path, false])
      }
    }
    expect((await send("POST", "/api/notifications/mutes", { minutes: 5 }, keys.operator)).status).toBe(400)
    const [mute] = (await admin("GET", "/api/notifications/mutes")).body["mutes"] as ReadonlyArray<{ id: string }>
    expect((await send("DELETE", `/api/notifications/mutes/${mute?.id}`, undefined, keys.operator)).status).toBe(404)
    for (const path of ["/api/config/changes", `/api/config/changes?channel=${hidden.id}`])
      expect(namesOthers((await ask("GET", path, keys.operator)).text)).toBe(false)
    const changes = (await admin("GET", `/api/config/changes?channel=${hidden.id}`)).body["changes"]
    for (const { id } of changes as ReadonlyArray<{ id: number }>)
      expect((await send("POST", `/api/config/changes/${id}/revert`, {}, keys.operator)).status).toBe(404)
    // What others removed stays removed.
    const removed = await ask("POST", `/channels/${hidden.slug}/outputs/${hidden.output}/remove`, keys.admin, {
      confirmed: "yes",
    })
    const token = /undo=([\w-]+)/.exec(removed.headers.get("location") ?? "")?.[1] ?? ""
    expect(token).not.toBe("")
    expect(namesOthers((await ask("GET", `/?undo=${token}`, keys.operator)).text)).toBe(false)
    expect((await ask("POST", `/undo/${token}`, keys.operator, "form")).status).toBe(409)
    expect((await ask("POST", `/undo/${token}`, keys.admin, "form")).status).toBe(303)
    expect(await other()).toEqual(before)
  })
})
