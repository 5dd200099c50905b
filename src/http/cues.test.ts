import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { CueQuery, CueView } from "../effects/model/cue.ts"
import { StoreError } from "../effects/model/Errors.ts"
import { cuesAsCsv } from "./routes/cue-csv.ts"
import { fakeCue } from "./testing/fake-views.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"

const PATH = "/api/channels/main-event/cues"
const withChannel = async (over: Parameters<typeof makeTestApp>[0] = {}) => {
  const test = makeTestApp(over)
  await test.call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
  return test
}
/** The query with which the control plane was asked. */
const asked = async (query: string) => {
  const queries: CueQuery[] = []
  const test = await withChannel({ over: { cues: { list: (_, q) => Effect.as(Effect.succeed(queries.push(q)), []) } } })
  const response = await test.call("GET", `${PATH}${query}`)
  return { status: response.status, query: queries[0], response }
}
/** A reader of RFC 4180 that shares nothing with the writer. */
const readCsv = (text: string): string[][] => {
  const rows: string[][] = [[]]
  let [field, quoted, at] = ["", false, 0]
  const push = () => void rows.at(-1)?.push(field)
  while (at < text.length) {
    const c = text[at++]
    if (quoted && c === '"' && text[at] === '"') field += text[at++]
    else if (c === '"') quoted = !quoted
    else if (!quoted && (c === "," || c === "\r")) {
      push()
      field = ""
      if (c === "\r" && at++ < text.length - 1) rows.push([])
    } else field += c
  }
  return rows
}

describe("GET /api/channels/{id}/cues", () => {
  it("answers with cues, newest first, each with its bytes and its decode", async () => {
    const { call, plane } = await withChannel()
    const outputs: CueView["outputs"] = [
      { output: "cdn", status: "sent", at: "2026-01-02T03:04:05.100Z", delay_ms: 12, reason: null },
    ]
    plane.cued(
      "1",
      fakeCue({ id: 9, outputs }),
      fakeCue({ id: 4, base64: "AAAA", hex: "000000", kind: "damaged", crc_ok: false }),
    )
    const response = await call("GET", PATH)
    const { cues } = (await response.json()) as { cues: Array<Record<string, unknown>> }
    expect(response.status).toBe(200)
    const section = { command: { name: "splice_insert", splice_event_id: 4711 }, crc_ok: true, adjusted_pts: 900_000 }
    expect(cues).toMatchObject([
      { ...fakeCue({ id: 9, outputs }), section },
      { id: 4, hex: "000000", section: null },
    ])
    expect(await (await call("GET", `${PATH}?limit=1`)).json()).toMatchObject({ cues: [{ id: 9 }] })
  })

  it("answers 404 for no channel, 503 for a store that does not answer, 405 for other methods", async () => {
    const { call } = await withChannel()
    expect((await call("GET", "/api/channels/7/cues")).status).toBe(404)
    expect((await call("PUT", PATH, {})).status).toBe(405)
    const broken = await withChannel({
      over: { cues: { list: () => new StoreError({ operation: "read the cues", cause: new Error("x") }) } },
    })
    expect((await broken.call("GET", PATH)).status).toBe(503)
  })

  const types = (over: Partial<NonNullable<CueQuery["types"]>>) => ({
    types: { kinds: [], commands: [], segmentations: [], ...over },
  })
  it.each<[string, Partial<CueQuery>]>([
    [
      "",
      {
        limit: 100,
        before: undefined,
        sinceMs: undefined,
        untilMs: undefined,
        types: undefined,
        eventId: undefined,
        upid: undefined,
      },
    ],
    ["?limit=1000&before=42", { limit: 1000, before: 42 }],
    ["?limit=10000&format=csv", { limit: 1000 }],
    [
      "?since=2026-01-02T03:04:05Z&until=2026-01-02T03:04:05.678%2B01:00",
      { sinceMs: Date.UTC(2026, 0, 2, 3, 4, 5), untilMs: Date.UTC(2026, 0, 2, 2, 4, 5, 678) },
    ],
    ["?type=out", types({ kinds: ["out"] })],
    [
      "?type=in,%20splice_insert,0x34,53",
      types({ kinds: ["in"], commands: ["splice_insert"], segmentations: [0x34, 53] }),
    ],
    ["?event_id=0", { eventId: 0 }],
    ["?event_id=0xFFFFFFFF", { eventId: 4_294_967_295 }],
    ["?upid=SIGNAL:abc", { upid: "SIGNAL:abc" }],
  ])("reads %j", async (query, expected) => {
    const found = await asked(query)
    expect([found.status, found.query]).toEqual([200, expect.objectContaining(expected)])
  })

  it.each([
    ["limit=1001", "limit", 'must be a whole number from 1 to 1000, got "1001"'],
    ["limit=10001&format=csv", "limit", 'must be a whole number from 1 to 10000, got "10001"'],
    ["before=x", "before", 'must be the id of a cue, got "x"'],
    ["until=today", "until", 'must be a time with its offset, such as 2026-01-02T03:04:05Z, got "today"'],
    ["type=splice", "type", 'or a segmentation_type_id such as 0x34, got "splice"'],
    ["type=256", "type", 'got "256"'],
    ["type=out,", "type", 'got ""'],
    ["event_id=-1", "event_id", 'must be a number from 0 to 4294967295, or 0x and its hexadecimal digits, got "-1"'],
    ["event_id=4294967296", "event_id", 'got "4294967296"'],
    ["upid=", "upid", 'must be text of 1 to 256 characters, got ""'],
    ["format=xml", "format", 'must be json or csv, got "xml"'],
    [
      "kind=out",
      "kind",
      "is not a known parameter; there are limit, before, since, until, type, event_id, upid, outcome, format",
    ],
    ["upid=a&upid=b", "upid", "is given twice"],
  ])("answers 400 to %s", async (query, path, message) => {
    const { response } = await asked(`?${query}`)
    expect(await problemBody(response)).toMatchObject({
      status: 400,
      errors: [{ path, message: expect.stringContaining(message) }],
    })
  })
})

describe("cues as CSV", () => {
  it("are a file with a header, one line each, quoted where they must be", async () => {
    const { call, plane } = await withChannel()
    const outputs: CueView["outputs"] = [
      { output: "cdn", status: "sent", at: "2026-01-02T03:04:05.100Z", delay_ms: 12.4, reason: null },
      { output: "udp", status: "missed", at: "2026-01-02T03:04:05.100Z", delay_ms: null, reason: 'refused, "busy"' },
      {
        output: "srt",
        status: "sent",
        at: "2026-01-02T03:04:05.100Z",
        delay_ms: 3,
        reason: null,
        acknowledged_at: "2026-01-02T03:04:05.140Z",
        acknowledged_ms: 43.2,
      },
      { output: "new", status: "pending", at: null, delay_ms: null, reason: null },
      {
        output: "pull",
        status: "no_receiver",
        at: null,
        delay_ms: null,
        reason: "nobody is connected to the listener",
      },
    ]
    plane.cued(
      "1",
      fakeCue({ id: 9, outputs, segmentation_type_ids: [0x34], upids: ["a", "b\r\nc"], preroll_s: -0.5 }),
      fakeCue({ id: 4 }),
    )
    const response = await call("GET", `${PATH}?format=csv`)
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present")
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="main-event-cues.csv"')
    const text = await response.text()
    expect(text.endsWith("\r\n")).toBe(true)
    const [header = [], first = [], second = [], ...more] = readCsv(text)
    expect([header.length, first.length, second.length, more]).toEqual([28, 28, 28, []])
    const row = Object.fromEntries(header.map((name, n) => [name, first[n]]))
    expect(row).toMatchObject({
      id: "9",
      event_id: "4711",
      segmentation_type_ids: "0x34",
      upids: "a; b\r\nc",
      preroll_s: "-0.5",
      duration_s: "30",
      crc_ok: "true",
      outputs_sent: "2",
      outputs_missed: "1",
      outputs:
        'cdn: sent after 12 ms; udp: missed (refused, "busy"); srt: sent after 3 ms, acknowledged after 43 ms; new: pending; pull: no receiver',
      base64: "/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w==",
    })
  })

  it("tell times by the station's clock behind all other columns", () => {
    const cue = fakeCue({ id: 1, at: "2026-10-25T00:30:00.007Z", last_at: "2026-10-25T01:30:00.000Z" })
    const [header = [], row = []] = readCsv(cuesAsCsv([cue], "Europe/Berlin"))
    expect(header.slice(-5)).toEqual(["hex", "at_local", "last_at_local", "utc_offset", "zone"])
    expect(row.slice(-4)).toEqual(["2026-10-25 02:30:00.007", "2026-10-25 02:30:00.000", "UTC+2", "Europe/Berlin"])
    expect(row[header.indexOf("at")]).toBe("2026-10-25T00:30:00.007Z")
  })

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("x")'])(
    "hold %j as text that no spreadsheet runs",
    (evil) => {
      const [header = [], row = []] = readCsv(
        cuesAsCsv([fakeCue({ id: 1, upids: [evil], description: evil, event_id: null })], "UTC"),
      )
      expect([row[header.indexOf("upids")], row[header.indexOf("description")]]).toEqual([`'${evil}`, `'${evil}`])
      expect(row[header.indexOf("event_id")]).toBe("")
    },
  )

  it("are all that match, however many, unless a limit is asked for", async () => {
    const { call, plane } = await withChannel()
    plane.cued("1", ...Array.from({ length: 2500 }, (_, n) => fakeCue({ id: 2500 - n })))
    const ids = async (query: string) =>
      readCsv(await (await call("GET", query)).text())
        .slice(1)
        .map((row) => Number(row[query.startsWith("/api/cues") ? 1 : 0]))
    expect(await ids(`${PATH}?format=csv`)).toEqual(Array.from({ length: 2500 }, (_, n) => 2500 - n))
    expect((await ids(`${PATH}?format=csv&limit=1500`)).at(-1)).toBe(1001)
    expect(await ids("/api/cues?format=csv")).toHaveLength(2500)
    expect((await ids("/api/cues?format=csv&before=1200")).at(0)).toBe(1199)
  })

  it("end with an error rather than early where the store fails half way", async () => {
    const { call, plane } = await withChannel()
    const list = plane.cues.list
    let pages = 0
    const broken = await withChannel({
      over: {
        cues: {
          list: (ref, query) =>
            ++pages > 1
              ? new StoreError({ operation: "read the cues", cause: new Error("x") })
              : Effect.orDie(list(ref, query)),
        },
      },
    })
    expect((await call("GET", PATH)).status).toBe(200)
    plane.cued("1", ...Array.from({ length: 1500 }, (_, n) => fakeCue({ id: 1500 - n })))
    const answer = await broken.call("GET", `${PATH}?format=csv`)
    await expect(answer.text()).rejects.toThrow(/read the cues/)
  })

  it("are a header alone when there are none", () => expect(cuesAsCsv([], "UTC").split("\r\n")).toHaveLength(2))
})
