/** Pages across all channels, as readers of each role get them. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { LogLine } from "../../effects/config/log-lines.ts"
import { makeLogLines } from "../../effects/config/log-lines.ts"
import { memoryAudit } from "../../effects/testing/accounts.ts"
import { makeApp } from "../App.ts"
import { fakeHealth } from "../testing/fake-health.ts"
import { fakeCue, fakeEvent, fakeInput, fakeLeg } from "../testing/fake-views.ts"
import { makeTestApp, OPEN, withKey } from "../testing/test-app.ts"

const HTML = { Accept: "text/html,application/xhtml+xml" }
const NASTY = '<b onclick="x">&'
const ESCAPED = "&lt;b onclick=&quot;x&quot;&gt;&amp;"

const stage = async (options: Parameters<typeof makeTestApp>[0] = {}, headers: Record<string, string> = {}) => {
  const test = makeTestApp(options)
  for (const [name, port] of [
    ["News", 5000],
    ["Sport", 5010],
  ] as const) {
    await test.call("POST", "/api/channels", { name, rtp_port: port }, headers)
  }
  const get = async (path: string, more: Record<string, string> = {}) => {
    const answer = await test.call("GET", path, undefined, { ...HTML, ...headers, ...more })
    return {
      status: answer.status,
      type: answer.headers.get("content-type") ?? "",
      headers: answer.headers,
      text: await answer.text(),
    }
  }
  return { ...test, get }
}
const many = (count: number) => Array.from({ length: count }, (_, n) => count - n)

describe("/cues", () => {
  it("shows those of all channels with their channel and proof, escaped, live while nothing is filtered", async () => {
    const { plane, get } = await stage()
    const missed = { output: "cdn", status: "missed", at: null, delay_ms: null, reason: NASTY } as const
    plane.cued("news", fakeCue({ id: 7, description: NASTY, outputs: [missed] }))
    plane.cued("sport", fakeCue({ id: 8 }))
    const { status, text } = await get("/cues")
    expect(status).toBe(200)
    expect(text.indexOf('id="cue-8"')).toBeLessThan(text.indexOf('id="cue-7"'))
    expect(text).toContain('<a href="/channels/sport">Sport</a>')
    expect(text).toContain(`cdn missed: ${ESCAPED}`)
    expect(text).not.toContain(NASTY)
    expect(text).toContain('hx-sse:connect="/live/cues"')
    const filtered = (await get("/cues?channel=sport&type=&upid=+")).text
    expect(filtered).not.toContain("hx-sse:connect")
    expect(filtered).not.toContain('id="cue-7"')
    expect(filtered).toMatch(/<option value="sport" selected=""/)
    expect(filtered).toContain('href="/api/cues?channel=sport&amp;format=csv"')
  })

  it("hands the filter on, with times of the form in UTC", async () => {
    const asked: unknown[] = []
    const { get } = await stage({
      over: {
        cues: {
          listAll: (query) =>
            Effect.as(
              Effect.sync(() => asked.push(query)),
              [],
            ),
        },
      },
    })
    await get(
      "/cues?event_id=0x10&upid=ab&outcome=missed&type=out,0x34&since=2026-01-02T03:04&until=2026-01-02T03:04:05",
    )
    expect(asked).toMatchObject([
      {
        limit: 50,
        eventId: 16,
        upid: "ab",
        outcome: "missed",
        types: { kinds: ["out"], segmentations: [0x34] },
        sinceMs: Date.UTC(2026, 0, 2, 3, 4),
        untilMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      },
    ])
  })

  it("pages, and keeps the filter on the way", async () => {
    const { plane, get } = await stage()
    plane.cued("news", ...many(60).map((id) => fakeCue({ id })))
    const first = (await get("/cues?channel=news")).text
    expect(first).toContain('<a href="/cues?channel=news&amp;before=11">Older</a>')
    const last = (await get("/cues?channel=news&before=11")).text
    expect(last).toContain('id="cue-10"')
    expect(last).not.toContain(">Older</a>")
  })

  it.each([
    ["event_id=x", "filter-event_id-error", "must be a number from 0"],
    ["type=nothing", "filter-type-error", "must be one or more"],
    ["since=yesterday", "filter-since-error", "must be a time"],
    ["channel=nowhere", "filter-channel-error", "nowhere"],
  ])("says what is wrong with %s, with what was typed and status 400", async (query, id, message) => {
    const { get } = await stage()
    const { status, text, type } = await get(`/cues?${query}`)
    expect(status).toBe(400)
    expect(type).toContain("text/html")
    expect(text).toContain(`aria-describedby="${id}"`)
    expect(text.slice(text.indexOf(`id="${id}"`))).toContain(message)
    expect(text).toMatch(new RegExp(`(value="${query.split("=")[1]}")`))
  })

  it("names a parameter that there is not", async () => {
    const { get } = await stage()
    const { status, text } = await get(`/cues?page=${encodeURIComponent(NASTY)}`)
    expect(status).toBe(400)
    expect(text).toContain("page is not a known parameter")
    expect(text).not.toContain(NASTY)
  })
})

describe("/events", () => {
  it("shows those of all channels, filtered, and the way to the audit log to admins", async () => {
    const { plane, get } = await stage()
    plane.happened("news", fakeEvent({ id: 1, message: NASTY, severity: "critical" }))
    plane.happened("sport", fakeEvent({ id: 2 }))
    const { text } = await get("/events")
    expect(text.indexOf('id="event-2"')).toBeLessThan(text.indexOf('id="event-1"'))
    expect(text).toContain(ESCAPED)
    expect(text).not.toContain(NASTY)
    expect(text).toContain('hx-sse:connect="/live/events"')
    expect(text).toContain('href="/audit"')
    const filtered = (await get("/events?severity=warning,critical&kind=switched&channel=news")).text
    expect(filtered).not.toContain("hx-sse:connect")
    expect(filtered).toMatch(/<option value="warning,critical" selected=""/)
    expect((await get("/events?severity=bad")).status).toBe(400)
    expect((await get("/events?channel=nowhere")).text).toContain("filter-channel-error")
  })

  it("is the same for programs, as JSON and CSV", async () => {
    const { plane, get } = await stage()
    plane.happened("news", fakeEvent({ id: 1, message: "=1+1" }))
    const found = JSON.parse((await get("/api/events?channel=news")).text)
    expect(found.events).toMatchObject([{ id: 1, channel: { slug: "news", name: "News" } }])
    const csv = await get("/api/events?format=csv")
    expect(csv.type).toContain("text/csv")
    expect(csv.text).toBe(
      "channel,id,at,kind,severity,source,output,message,at_local,utc_offset,zone\r\n" +
        "news,1,2026-01-02T03:04:05.000Z,started,info,,,'=1+1,2026-01-02 03:04:05.000,UTC,UTC\r\n",
    )
    plane.cued("sport", fakeCue({ id: 5 }))
    expect(JSON.parse((await get("/api/cues")).text).cues).toMatchObject([
      { id: 5, channel: { slug: "sport" }, section: { crc_ok: true } },
    ])
    expect((await get("/api/cues?format=csv")).text).toMatch(/^channel,id,[\s\S]*\r\nsport,5,/)
    for (const path of ["/api/events?format=xml", "/api/cues?outcome=sent", "/api/cues?channel=A%20B"]) {
      expect((await get(path)).status).toBe(400)
    }
    expect((await get("/api/cues?channel=nowhere")).status).toBe(404)
  })
})

describe("/audit", () => {
  const key = "the-key-of-the-admin"
  it("shows admins who asked for what, filtered and page by page", async () => {
    const { call, get } = await stage({ settings: withKey(key) }, { "X-API-Key": key })
    await call("POST", "/api/channels/news/start", undefined, { "X-API-Key": key })
    const { text } = await get("/audit")
    expect(text).toContain("start a channel")
    expect(text).toContain("POST /api/channels/news/start")
    expect((await get("/audit?outcome=failed")).text).toContain("No entry is like that.")
    expect((await get("/audit?limit=1")).text).toMatch(/<a href="\/audit\?limit=1&amp;before=\d+">Older<\/a>/)
    const wrong = await get("/audit?outcome=maybe")
    expect([wrong.status, wrong.text.includes("must be done or refused or failed")]).toEqual([400, true])
  })

  it("tells others in words that it is not for them, and programs as a problem", async () => {
    const { call, get } = await stage({ settings: withKey(key) }, { "X-API-Key": key })
    const created = await call("POST", "/api/keys", { name: "watcher", role: "viewer" }, { "X-API-Key": key })
    const viewer = { "X-API-Key": ((await created.json()) as { key: string }).key }
    for (const path of ["/audit", "/system/log"]) {
      const { headers, status, text, type } = await get(path, viewer)
      expect([status, type]).toEqual([403, "text/html; charset=UTF-8"])
      expect(text).toContain("This needs the role admin; key watcher has the role viewer.")
      expect(headers.get("content-security-policy")).toContain("default-src 'none'")
    }
    expect((await call("GET", "/audit", undefined, viewer)).headers.get("content-type")).toBe(
      "application/problem+json",
    )
    expect((await get("/api/audit", viewer)).type).toBe("application/problem+json")
    expect((await get("/audit", { ...viewer, "HX-Request": "true" })).type).toBe("application/problem+json")
    expect((await get("/events", viewer)).text).not.toContain('href="/audit"')
    expect((await get("/system", viewer)).text).not.toContain('href="/system/log"')
  })
})

describe("problems of pages", () => {
  it("are pages, escaped, with the status and headers of the problem", async () => {
    const { get } = await stage()
    const { status, text } = await get(`/nothing/${encodeURIComponent(NASTY)}`)
    expect(status).toBe(404)
    expect(text).toContain("Not found")
    expect(text).not.toContain(NASTY)
    expect((await get("/channels/nowhere")).text).toContain("All channels")
    expect((await get("/channels/news/events?limit=x")).text).toContain("<li>limit must be a whole number")
    const wrong = await get("/undo/x")
    expect([wrong.status, wrong.headers.get("allow"), wrong.type]).toEqual([
      405,
      "POST, OPTIONS",
      "text/html; charset=UTF-8",
    ])
  })
})

describe("/system", () => {
  it("shows figures, versions, disks, drops and small buffers with what to do", async () => {
    const warning = "the kernel granted a receive buffer of 212992 bytes instead of 8388608: raise it with sysctl"
    const { plane, get } = await stage({
      over: { system: { health: Effect.succeed({ ...fakeHealth, problems: [NASTY] }) } },
    })
    const legs = [
      fakeLeg({ kernel_drops: 3, warnings: [warning, "something else"] }),
      fakeLeg({ source: "backup", kernel_drops: 4 }),
    ]
    plane.show("news", { input: fakeInput({ legs }) })
    const { status, text } = await get("/system")
    expect(status).toBe(200)
    for (const part of [
      "7 datagrams",
      warning,
      "SQLite",
      "1.23 MB",
      "1.5.1",
      "7.1",
      "40.0 GB of 100 GB free",
      "make room",
      "cannot be looked at",
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain(ESCAPED)
    expect(text).not.toContain("something else")
    expect(text).toContain('hx-sse:connect="/live/system"')
    expect(text).toContain('href="/metrics"')
  })
})

describe("the log", () => {
  const line = (message: string, over: Partial<LogLine> = {}) =>
    ({ at: "2026-01-02T03:04:05.678Z", level: "info", channel: "news", output: null, message, ...over }) as const

  const withLog = async () => {
    const log = makeLogLines()
    const { accounts, app: first, plane } = makeTestApp()
    await first.request("/api/channels", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "News", rtp_port: 5000 }),
    })
    const runtime = Effect.runSync(Effect.runtime<never>())
    const app = makeApp({ plane, accounts, audit: memoryAudit(), settings: OPEN, runtime, log })
    return { log, get: async (path: string) => (await app.request(path, { headers: HTML })).text() }
  }

  it("of a channel stands on its page, by level", async () => {
    const { get, log } = await withLog()
    log.add(line(NASTY))
    log.add(line("it failed", { level: "error", output: "cdn" }))
    log.add(line("elsewhere", { channel: "sport" }))
    const page = await get("/channels/news")
    expect(page).toContain(ESCAPED)
    expect(page).toContain("it failed")
    expect(page).not.toContain("elsewhere")
    expect(page).toContain('hx-sse:connect="/live/channels/news"')
    const errors = await get("/channels/news?level=error")
    expect(errors).toContain("it failed")
    expect(errors).not.toContain(ESCAPED)
    expect(errors).toContain('hx-sse:connect="/live/channels/news?level=error"')
    expect(errors).toContain('data-preview="/preview/news"')
  })

  it("of all is for admins, by level, channel and text", async () => {
    const { get, log } = await withLog()
    log.add(line("one"))
    log.add(line("two", { level: "warn", channel: null }))
    expect(await get("/system/log")).toMatch(/two[\s\S]*one/)
    expect(await get("/system/log?level=warn")).not.toContain(">one<")
    expect(await get("/system/log?channel=news&text=ON")).toContain(">one<")
    expect(await get("/system/log?channel=news&text=ON")).toContain(
      'hx-sse:connect="/live/log?channel=news&amp;text=ON"',
    )
    expect(await get("/system/log?level=loud")).toContain("must be warn or error")
  })
})
