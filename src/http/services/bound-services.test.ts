import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { NoticeView } from "../../effects/notifications/notification-bodies.ts"
import { makeTestApp, withKey } from "../testing/test-app.ts"

const KEY = "the-key-of-the-environment"

const notice = (key: string, channel: string | null): NoticeView => ({
  id: key,
  key,
  kind: "input_lost",
  severity: "critical",
  state: "open",
  channel,
  channel_name: channel,
  output: null,
  output_name: null,
  message: `${channel ?? "the service"} has no input`,
  opened_at: "2026-01-02T03:04:05.000Z",
  resolved_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
  muted_until: null,
  notified_at: null,
})

const start = async () => {
  const acknowledged: string[] = []
  const event = {
    id: 1,
    at: "2026-01-02T03:04:05.000Z",
    kind: "leg_failed",
    severity: "critical",
    source: null,
    output: null,
    message: 'UDP port 5010 is shared with the primary input of channel "Planted", which engine 2 carries',
  } as const
  const sent = (channel: number, channelName: string) =>
    ({ channel, output: 1, channelName, outputName: "cdn", bytes: channel * 1e9 }) as const
  const { call } = makeTestApp({
    settings: withKey(KEY),
    over: {
      notifications: {
        notices: Effect.succeed([notice("n:own", "own"), notice("n:planted", "planted"), notice("n:service", null)]),
        acknowledgeMany: ({ keys = [] }) =>
          Effect.as(
            Effect.sync(() => acknowledged.push(...keys)),
            [],
          ),
      },
      events: {
        list: () => Effect.succeed([event]),
        listAll: () => Effect.succeed([{ ...event, channel: { id: "1", slug: "own", name: "Own" } }]),
      },
      records: { egress: () => Effect.succeed([sent(1, "own"), sent(2, "planted"), sent(9, "planted-gone")]) },
    },
  })
  const admin = { "X-API-Key": KEY }
  for (const [n, name] of ["Own", "Planted"].entries())
    await call("POST", "/api/channels", { name, rtp_port: 5000 + 10 * n, tags: n === 0 ? ["sport"] : [] }, admin)
  const key = await call("POST", "/api/keys", { name: "op", role: "operator", tags: ["sport"] }, admin)
  const headers = { "X-API-Key": String(((await key.json()) as { key: unknown }).key) }
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body, headers)
    return { status: answer.status, text: await answer.text() }
  }
  return { acknowledged, ask }
}

describe("the services of a bound account", () => {
  it("show and acknowledge the notices of its channels, and count no others in the head of pages", async () => {
    const { acknowledged, ask } = await start()
    for (const path of ["/", "/settings/notifications", "/api/notifications"]) {
      const { text } = await ask("GET", path)
      expect([path, /planted|the service has no input/i.test(text)]).toEqual([path, false])
      expect([path, text.includes("own has no input")]).toEqual([path, true])
    }
    expect((await ask("GET", "/wall")).text).not.toMatch(/planted/i)
    expect((await ask("POST", "/api/notifications/n:planted/acknowledge", {})).status).toBe(404)
    await ask("POST", "/api/notifications/acknowledge", { keys: ["n:planted", "n:service"] })
    expect(acknowledged).toEqual([])
    await ask("POST", "/api/notifications/acknowledge", { keys: ["n:planted", "n:own"] })
    await ask("POST", "/api/notifications/acknowledge", { all: true })
    expect(acknowledged).toEqual(["n:own", "n:own"])
  })

  it("tell what happened to its channels without a word of others", async () => {
    const { ask } = await start()
    for (const path of ["/api/events", "/events", "/api/channels/own/events", "/channels/own"]) {
      const { text } = await ask("GET", path)
      expect([path, /planted/i.test(text)]).toEqual([path, false])
      expect([path, text.includes("is shared with a channel that you do not see, which")]).toEqual([path, true])
    }
  })

  it("sum up what its channels have sent, and no others", async () => {
    const { ask } = await start()
    for (const path of ["/egress", "/api/egress", "/api/egress?format=csv"])
      expect([path, /planted/.test((await ask("GET", path)).text)]).toEqual([path, false])
    expect(JSON.parse((await ask("GET", "/api/egress")).text)).toMatchObject({
      gigabytes: 1,
      outputs: [{ channel: "own", gigabytes: 1 }],
    })
  })
})
