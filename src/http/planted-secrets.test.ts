/**
 * A secret planted in every place that takes one appears nowhere: in no answer, page, figure, event, export, log line
 * or file.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Redacted } from "effect"
import { afterEach, expect, it } from "vitest"
import { channelStats, engineStats, legStats } from "../effects/testing/FakeEngine.ts"
import { RULES } from "./access/roles.ts"
import { makeLiveFeed } from "./live/LiveFeed.ts"
import { callersOf, walkForms } from "./testing/form-walk.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import { withKey } from "./testing/test-app.ts"
import { unzip } from "./testing/unzip.ts"

const SECRET = "Planted4711Secret"
const API_KEY = `env-${SECRET}`
const ADMIN = { "X-API-Key": API_KEY }
const OUTPUTS = [
  { name: "srt", url: `srt://192.0.2.1:9000?passphrase=${SECRET}&streamid=%23!::u=me,s=${SECRET}` },
  {
    name: "srt-backup",
    url: "srt://192.0.2.1:9100",
    settings: { backup_url: `srt://192.0.2.6:9100?passphrase=${SECRET}&streamid=%23!::u=me,s=${SECRET}` },
  },
  { name: "rtmp", url: "rtmp://192.0.2.2/live", stream_key: SECRET },
  { name: "rtmp-url", url: `rtmp://me:${SECRET}@192.0.2.3/live/${SECRET}` },
  { name: "rtsp", url: `rtsp://me:${SECRET}@192.0.2.4:8554/live` },
  { name: "hls", url: `https://192.0.2.5/live/main.m3u8?token=${SECRET}`, protocol: "hls" },
  { name: "s3", url: "s3://bucket/live", settings: { s3_access_key_id: "AKIA", s3_secret_access_key: SECRET } },
]
const INPUTS = {
  input_url: `srt://192.0.2.8:9000?mode=caller&passphrase=${SECRET}&streamid=%23!::u=me,s=${SECRET}`,
  backup_input_url: `srt://:9100?mode=listener&passphrase=${SECRET}&streamid=publish:main:me:${SECRET}`,
}
const apps = makeRealApps()

/** The engine repeats the secrets of a channel's inputs in all that it may say of them. */
const repeatSecrets = async ({ engine, store }: RealApp) => {
  const { id = "" } = (await Effect.runPromise(store.load))?.[0] ?? {}
  const message = `not with ${SECRET} in ${INPUTS.input_url}`
  const reason = { code: "x", message, transient: true }
  const srt = {
    mode: "caller",
    state: "connecting",
    peer: null,
    stream_id: `publish:main:me:${SECRET}`,
    connected_at: null,
    connections: 0,
    last_error: reason,
    refused: 1,
    last_refused: message,
    figures: null,
  } as const
  const said = { framing: "srt" as const, receiving: false, warnings: [message], reasons: [message], srt }
  const legs = [
    legStats({ ...said, problem: reason }),
    legStats({ ...said, name: "backup", dropping: message, receiving: true }),
  ]
  for (const kind of ["failed", "connected", "lost", "refused"] as const)
    for (const leg of ["primary", "backup"] as const)
      await Effect.runPromise(engine.emit({ event: "leg", channel_id: id, leg, kind, message }))
  const differ = { event: "source", channel_id: id, kind: "legs_differ", leg: "primary", reason: "", message } as const
  await Effect.runPromise(engine.emit(differ))
  for (const at of [1000, 2000, 6000]) {
    const figures = channelStats({ id, legs, redundancy: "lost", active_source: at > 1000 ? "backup" : "primary" })
    await Effect.runPromise(engine.stats(engineStats([figures], at)))
  }
}
afterEach(apps.stopAll)

const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile())

it("a planted secret is found nowhere", async () => {
  const ingest = { port: 9100, passphrase: Option.some(Redacted.make(SECRET)) }
  const real = await apps.start({ settings: withKey(API_KEY), config: { srtIngest: Option.some(ingest) } })
  const found: string[] = []
  const look = (where: string, text: string) => void (text.includes(SECRET) && found.push(where))
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await real.call(method, path, body, ADMIN)
    look(`${method} ${path}`, `${answer.text} ${JSON.stringify([...answer.headers])}`)
    return answer
  }
  expect((await call("POST", "/api/channels", { name: "main", ...INPUTS })).status).toBe(201)
  for (const input of [{ ...INPUTS, no_such: SECRET }, { input_url: `${INPUTS.input_url}&mode=rendezvous` }])
    expect((await call("POST", "/api/channels", { name: "wrong", ...input })).status).toBe(400)
  for (const url of [INPUTS.input_url, `${INPUTS.input_url}|`])
    await call("POST", "/api/inputs", { name: "input", url })
  const taken: string[] = []
  for (const output of OUTPUTS) {
    const { status } = await call("POST", "/api/channels/main/outputs", output)
    if (status === 201) taken.push(output.name)
    await call("POST", "/api/channels/main/outputs", { ...output, settings: { no_such: SECRET.length } })
    await call("POST", "/api/outputs/test", output)
  }
  expect(taken).toEqual(OUTPUTS.map(({ name }) => name))
  const hook = { kind: "webhook", url: `http://127.0.0.1:9/${SECRET}?token=${SECRET}`, secret: SECRET }
  for (const destination of [
    { name: "hook", ...hook },
    { name: "chat", kind: "slack", url: `http://127.0.0.1:9/services/${SECRET}` },
    {
      name: "mail",
      kind: "email",
      host: "127.0.0.1",
      port: 9,
      user: "me",
      password: SECRET,
      from: "a@example.com",
      to: ["b@example.com"],
    },
  ]) {
    const created = await call("POST", "/api/notifications/destinations", destination)
    expect(created.status).toBe(201)
    const path = `/api/notifications/destinations/${created.body["id"]}`
    expect((await call("POST", `${path}/test`)).body).toMatchObject({ ok: false })
    await call("PUT", path, { password: `${SECRET}\n`, secret: SECRET.length, url: SECRET })
    await call("GET", path)
  }
  await call("POST", "/api/users", { name: "ada", password: `password-${SECRET}`, role: "admin" })
  await call("PUT", "/api/users/ada", { password: `changed-${SECRET}` })
  const form = { "Content-Type": "application/x-www-form-urlencoded" }
  for (const fields of [{ user: "ada", password: `wrong-${SECRET}` }, { key: `wrong-${SECRET}` }]) {
    const wrong = await real.call("POST", "/login", new URLSearchParams(fields).toString(), form)
    look("POST /login", wrong.text)
  }
  await call("POST", "/api/channels/main/start")
  await repeatSecrets(real)
  for (const path of ["", "/events"])
    expect((await call("GET", `/api/channels/main${path}`)).text).toContain("not with *** in srt://")
  const { body: document } = await call("GET", "/api/config")
  await call("PUT", "/api/config?dry_run=1", document)
  await call("PUT", "/api/config", {
    version: 1,
    channels: [{ slug: "main", name: "main", rtp_port: 5000, outputs: OUTPUTS.slice(0, 1) }],
  })
  await call("POST", "/api/config/rollback?dry_run=1", { version: 1 })
  await call("POST", "/api/config/rollback", { version: 1 })
  // Streams do not end; the WebSocket is looked at below, and live pages send parts of the pages.
  const isRead = (rule: (typeof RULES)[number]) =>
    rule.method === "GET" && rule.path !== "/ws" && !rule.path.startsWith("/live/")
  for (const { method, path } of RULES.filter(isRead)) {
    for (const output of ["srt", "srt-backup", "rtmp-url"])
      await call(method, path.replace(":id", "main").replace(":output", output).replace(":version", "1"))
  }
  // What the bundle holds is packed.
  const bundle = await real.app.request("/api/system/support.zip", { headers: ADMIN })
  const files = unzip(Buffer.from(await bundle.arrayBuffer()))
  const inBundle = (end: string) => [...files].find(([name]) => name.endsWith(end))?.[1] ?? ""
  for (const [name, text] of files) look(`support bundle: ${name}`, text)
  expect([...files.keys()].filter((name) => name.includes(".failed"))).toEqual([])
  for (const end of ["configuration.json", "channels.json", "events.json"])
    expect([end, inBundle(end).includes("main")]).toEqual([end, true])
  expect(inBundle("proc/meminfo")).toContain("MemTotal")
  expect(inBundle("environment.json")).toContain("{")
  // What the WebSocket sends first is what `makeLiveFeed` gives every client.
  const sent: string[] = []
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const feed = yield* makeLiveFeed(real.plane)
        feed.add({ bufferedBytes: () => 0, send: (text) => void sent.push(text), close: () => undefined })
        while (sent.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }),
    ).pipe(Effect.timeout("5 seconds")),
  )
  expect(sent.join()).toContain("passphrase=***")
  look("WebSocket", sent.join())
  look("logs", real.logs.join("\n"))
  for (const file of filesBelow(real.dataDir)) look(file, readFileSync(file, "latin1"))
  expect(found).toEqual([])
  // The search itself works: it finds a text that is there.
  expect((await real.call("GET", "/api/config?secrets=1", undefined, ADMIN)).text).toContain(SECRET)
})

it("a planted secret comes back from no form, whatever is typed beside it and whoever sends it", async () => {
  const real = await apps.start({ settings: withKey(API_KEY) })
  const typed = "Typed4711Secret"
  const found = new Set<string>()
  const ask = async (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>) => {
    const answer = await real.call(method, path, body, headers)
    const text = `${answer.text} ${JSON.stringify([...answer.headers])}`
    for (const secret of [SECRET, typed]) if (text.includes(secret)) found.add(`${secret} in ${method} ${path} ${body}`)
    return answer
  }
  const api = (method: string, path: string, body?: unknown) => real.call(method, path, body, ADMIN)
  const outputs = [
    ...OUTPUTS,
    { name: "rtmp-query", url: `rtmp://192.0.2.3/live2?backup=1/${SECRET}` },
    { name: "relay", url: `srt://192.0.2.1:9000?streamid=publish/news/${SECRET}` },
    { name: "upload", url: `https://192.0.2.5/up?cid=${SECRET}&copy=0&file=` },
    { name: "hls-login", url: `https://me:${SECRET}@192.0.2.5/live/main.m3u8` },
  ]
  const channel = { name: "main", ...INPUTS, outputs }
  expect((await api("POST", "/api/channels", channel)).status).toBe(201)
  const template = { name: "cdn", url: `rtmp://me:${SECRET}@192.0.2.3/{channel}/${SECRET}` }
  expect((await api("POST", "/api/templates", template)).status).toBe(201)
  const hook = { name: "hook", kind: "webhook", url: `http://127.0.0.1:9/${SECRET}`, secret: SECRET }
  const mail = { kind: "email", host: "127.0.0.1", port: 9, from: "a@example.com", to: ["b@example.com"] }
  const login = { name: "mail", ...mail, user: "me", password: SECRET }
  const chat = { name: "chat", kind: "slack", url: `http://127.0.0.1:9/services/${SECRET}` }
  const destinations: Array<readonly [id: string, body: object]> = []
  for (const { kind, ...body } of [hook, login, chat])
    destinations.push([
      String((await api("POST", "/api/notifications/destinations", { kind, ...body })).body["id"]),
      body,
    ])
  const callers = (role: string) =>
    callersOf(async (name) => String((await api("POST", "/api/keys", { name: `${role}-${name}`, role })).body["key"]))
  const roles = { viewer: await callers("viewer"), operator: await callers("operator"), admin: await callers("admin") }
  const { body: before } = await api("GET", "/api/config?secrets=1")
  const restore = async () => {
    const { name: _, ...body } = template
    const as = roles.admin()
    const put = (path: string, wanted: unknown) => real.call("PUT", path, wanted, as)
    const all = [put("/api/config", before), put("/api/templates/cdn", { ...body, stream_key: null })]
    for (const [id, destination] of destinations) all.push(put(`/api/notifications/destinations/${id}`, destination))
    for (const { status, text } of await Promise.all(all)) expect(status, text).toBe(200)
  }
  const places = {
    ":id": ["main"],
    ":output": outputs.map(({ name }) => name),
    ":template": ["cdn"],
    ":destination": destinations.map(([id]) => id),
    ":version": ["1"],
  }
  const { pages, requests, rotated } = await walkForms({ ask, roles, places, typed, restore })
  expect([...found]).toEqual([])
  expect(requests).toBeGreaterThan(500)
  for (const name of places[":output"]) expect(pages).toContain(`/channels/main/outputs/${name}/edit`)
  const fieldsFor = (path: string) => [...rotated].filter((one) => one.startsWith(`${path}/edit `))
  for (const name of places[":output"]) expect(fieldsFor(`/channels/main/outputs/${name}`)).not.toEqual([])
  expect(fieldsFor("/channels/main").length).toBeGreaterThan(2)
  expect(fieldsFor("/settings/templates/cdn").length).toBeGreaterThan(1)
  for (const [id] of destinations) expect(fieldsFor(`/settings/notifications/destinations/${id}`)).not.toEqual([])
  for (const path of ["/add/output", "/add/outputs", "/add/channel", "/settings/config"]) expect(pages).toContain(path)
})
