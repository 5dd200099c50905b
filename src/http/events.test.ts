import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Conflict, StoreError } from "../effects/model/Errors.ts"
import { type ChannelEventView, EVENT_KINDS, type EventQuery } from "../effects/model/event.ts"
import { fakeEvent } from "./testing/fake-views.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"

const withChannel = async (over: Parameters<typeof makeTestApp>[0] = {}) => {
  const test = makeTestApp(over)
  await test.call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
  return test
}
/** The query with which the control plane was asked. */
const asked = async (query: string) => {
  const queries: EventQuery[] = []
  const test = await withChannel({
    over: { events: { list: (_, q) => Effect.as(Effect.succeed(queries.push(q)), []) } },
  })
  const response = await test.call("GET", `/api/channels/main-event/events${query}`)
  return { status: response.status, query: queries[0], response }
}

describe("GET /api/channels/{id}/events", () => {
  it("answers with what happened, newest first", async () => {
    const { call, plane } = await withChannel()
    const events: ChannelEventView[] = [fakeEvent({ id: 9, kind: "switched", source: "backup" }), fakeEvent({ id: 4 })]
    plane.happened("1", ...events)
    for (const ref of ["1", "main-event"]) {
      const response = await call("GET", `/api/channels/${ref}/events`)
      expect([response.status, await response.json()]).toEqual([200, { events }])
    }
    expect(await (await call("GET", "/api/channels/1/events?limit=1")).json()).toEqual({ events: [events[0]] })
  })

  it("answers 404 for no channel, 503 for a store that does not answer, 405 for other methods", async () => {
    const { call } = await withChannel()
    expect((await call("GET", "/api/channels/7/events")).status).toBe(404)
    expect((await call("POST", "/api/channels/1/events", {})).status).toBe(405)
    const broken = await withChannel({
      over: { events: { list: () => new StoreError({ operation: "read the events", cause: new Error("x") }) } },
    })
    expect((await broken.call("GET", "/api/channels/1/events")).status).toBe(503)
  })

  it.each<[string, Partial<EventQuery>]>([
    ["", { limit: 100, before: undefined, sinceMs: undefined, kinds: undefined }],
    ["?limit=1", { limit: 1 }],
    ["?limit=1000&before=42", { limit: 1000, before: 42 }],
    ["?since=2026-01-02T03:04:05Z", { sinceMs: Date.UTC(2026, 0, 2, 3, 4, 5) }],
    ["?since=2026-01-02T03:04:05.678%2B01:00", { sinceMs: Date.UTC(2026, 0, 2, 2, 4, 5, 678) }],
    ["?since=2026-01-02T03:04:05.678+01:00", { sinceMs: Date.UTC(2026, 0, 2, 2, 4, 5, 678) }],
    ["?kind=switched", { kinds: ["switched"] }],
    ["?kind=switched,%20leg_lost", { kinds: ["switched", "leg_lost"] }],
  ])("reads %j", async (query, expected) => {
    const found = await asked(query)
    expect([found.status, found.query]).toEqual([200, expect.objectContaining(expected)])
  })

  it.each([
    ["limit=0", "limit", 'must be a whole number from 1 to 1000, got "0"'],
    ["limit=1001", "limit", 'must be a whole number from 1 to 1000, got "1001"'],
    ["limit=1.5", "limit", 'must be a whole number from 1 to 1000, got "1.5"'],
    ["limit=", "limit", 'must be a whole number from 1 to 1000, got ""'],
    ["limit=1e2", "limit", 'must be a whole number from 1 to 1000, got "1e2"'],
    ["before=-1", "before", 'must be the id of an event, got "-1"'],
    ["before=99999999999999999999", "before", 'must be the id of an event, got "99999999999999999999"'],
    ["since=yesterday", "since", 'must be a time with its offset, such as 2026-01-02T03:04:05Z, got "yesterday"'],
    [
      "since=2026-01-02T03:04:05",
      "since",
      'must be a time with its offset, such as 2026-01-02T03:04:05Z, got "2026-01-02T03:04:05"',
    ],
    [
      "since=2026-13-02T03:04:05Z",
      "since",
      'must be a time with its offset, such as 2026-01-02T03:04:05Z, got "2026-13-02T03:04:05Z"',
    ],
    ["kind=switched,", "kind", `must be one or more, separated by commas, of ${EVENT_KINDS.join(", ")}, got ""`],
    ["kind=Switched", "kind", `must be one or more, separated by commas, of ${EVENT_KINDS.join(", ")}, got "Switched"`],
    ["limit=1&limit=2", "limit", "is given twice"],
    ["limt=1", "limt", "is not a known parameter; there are limit, before, since, until, kind, severity"],
  ])("answers 400 to %s", async (query, path, message) => {
    const { response } = await asked(`?${query}`)
    expect(await problemBody(response)).toMatchObject({ status: 400, errors: [{ path, message }] })
  })

  it("names all mistakes at once", async () => {
    const { response } = await asked("?limit=x&since=x&kind=x")
    expect((await problemBody(response)).errors?.map((e) => e.path)).toEqual(["limit", "since", "kind"])
  })
})

describe("POST /api/channels/{id}/switch", () => {
  const refuse = {
    over: {
      channels: {
        switchSource: () => new Conflict({ errors: [{ path: "source", message: "no packets arrive on the backup" }] }),
      },
    },
  }

  it("answers 409 with the reason when nothing arrives there", async () => {
    const { call } = await withChannel(refuse)
    const response = await call("POST", "/api/channels/1/switch", { source: "backup" })
    expect(await problemBody(response)).toMatchObject({
      status: 409,
      errors: [{ path: "source", message: "no packets arrive on the backup" }],
    })
  })

  it("passes force on, and takes nothing but true or false for it", async () => {
    const forced: Array<boolean | undefined> = []
    const test = await withChannel({
      over: {
        channels: {
          switchSource: (_, __, force) =>
            Effect.zipRight(Effect.succeed(forced.push(force)), new Conflict({ errors: [] })),
        },
      },
    })
    for (const body of [{ source: "backup" }, { source: "backup", force: true }, { source: "backup", force: false }]) {
      await test.call("POST", "/api/channels/1/switch", body)
    }
    expect(forced).toEqual([undefined, true, false])
    const wrong = await test.call("POST", "/api/channels/1/switch", { source: "backup", force: "yes" })
    expect((await problemBody(wrong)).errors).toEqual([{ path: "force", message: 'must be true or false, got "yes"' }])
  })
})

describe("input settings", () => {
  it("name what is wrong with each, and what is read-only", async () => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/channels", {
      name: "a",
      rtp_port: 5000,
      input: {
        mode: "both",
        failover_after_ms: 49,
        merge_window_ms: 2001,
        fec: true,
        allowed_senders: new Array(9).fill("10.0.0.1"),
        legs: [],
        redundancy: "ok",
        colour: "red",
      },
    })
    expect(new Map((await problemBody(response)).errors?.map((e) => [e.path, e.message]))).toEqual(
      new Map([
        ["input.mode", 'must be one of auto, failover, merge or null, got "both"'],
        ["input.failover_after_ms", "must be a whole number from 50 to 60000 or null, got 49"],
        ["input.merge_window_ms", "must be a whole number from 10 to 2000 or null, got 2001"],
        ["input.fec", "must be one of off, auto or null, got true"],
        ["input.allowed_senders", "must be a list of at most 8 items or null, got a list of 9"],
        ["input.legs", "is read-only; leave it out"],
        ["input.redundancy", "is read-only; leave it out"],
        ["input.colour", "is not a known field"],
      ]),
    )
  })
})
