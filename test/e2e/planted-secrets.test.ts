/**
 * Plants a secret in every place that takes one while the running product uses them all: with servers that take them,
 * that refuse them, that repeat them in their answers, and where no server exists. A search must find them nowhere.
 */
import { afterAll, beforeAll, expect, it } from "vitest"
import { RULES } from "../../src/http/access/roles.ts"
import { callersOf, walkForms } from "../../src/http/testing/form-walk.ts"
import { addDestinations } from "./planted-destinations.ts"
import { plantedInputs, plantedOutputs } from "./planted-outputs.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { contentOf, filesBelow, ProcessSearch, streamOf } from "./secret-places.ts"
import { SecretSearch } from "./secret-search.ts"
import { type BackgroundSource, startSource } from "./source.ts"

const search = new SecretSearch()
const { found, look, planted, secrets } = search
const API_KEY = planted("EnvironmentKey")
const ADMIN = { "X-API-Key": API_KEY }

let product: Product
const closers: Array<() => unknown> = []
let source: BackgroundSource
let inputPort: number
let ingestPort: number
const INGEST_PASSPHRASE = planted("IngestPassphrase")
const environment = () => ({
  API_KEY,
  LOG_LEVEL: "debug",
  SRT_INGEST_PORT: String(ingestPort),
  SRT_INGEST_PASSPHRASE: INGEST_PASSPHRASE,
})
// The secrets in the environment of the service were put there by whoever started it.
const processes = new ProcessSearch(search, [`API_KEY=${API_KEY}`, `SRT_INGEST_PASSPHRASE=${INGEST_PASSPHRASE}`])
let watching: ReturnType<typeof setInterval>
beforeAll(async () => {
  inputPort = await freeUdpPort()
  ingestPort = await freeUdpPort()
  product = await Product.start({ env: environment() })
  source = await startSource({ port: inputPort, bitrate: 2_000_000 })
  watching = setInterval(() => processes.look(), 100)
})
afterAll(async () => {
  clearInterval(watching)
  await source.stop()
  await product.dispose()
  for (const close of closers) close()
})

const call = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = ADMIN,
  except = "",
) => {
  const json = body === undefined || typeof body === "string" ? {} : { "Content-Type": "application/json" }
  const init: RequestInit = { method, headers: { ...json, ...headers }, redirect: "manual" }
  if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body)
  const answer = await fetch(`${product.url}${path}`, init)
  const text = await answer.text()
  look(`${method} ${path}`, `${text} ${JSON.stringify([...answer.headers])}`, except)
  return { status: answer.status, text, headers: answer.headers, body: text.startsWith("{") ? JSON.parse(text) : null }
}

/** Makes channels that are received by SRT, with these URLs and at the ingest port. */
const makeInputs = async (legs: Awaited<ReturnType<typeof plantedInputs>>) => {
  const atIngest = { input_url: `srt://:${ingestPort}?mode=listener` }
  for (const channel of [
    { name: "by-srt", ...legs },
    { name: "by-ingest", ...atIngest },
  ]) {
    const { status, text } = await call("POST", "/api/channels", channel)
    expect(status, text).toBe(201)
    expect((await call("POST", `/api/channels/${channel.name}/start`)).status).toBe(200)
    const wrong = { ...channel, name: "wrong", input_url: `${channel.input_url}\u0000`, no_such: legs }
    expect((await call("POST", "/api/channels", wrong)).status).toBe(400)
  }
  const { body } = await call("GET", "/api/channels/by-srt")
  const shown = { input_url: body.input_url, backup_input_url: body.backup_input_url }
  expect((await call("PUT", "/api/channels/by-srt", { name: "by-srt", ...shown })).status).toBe(200)
}

/** Callers of a role with keys of their own; the answers that make keys are the one place that shows them. */
const callers = (role: string) =>
  callersOf(async (name) => {
    const body = JSON.stringify({ name: `${role}-${name}`, role })
    const headers = { ...ADMIN, "Content-Type": "application/json" }
    const made = await fetch(`${product.url}/api/keys`, { method: "POST", headers, body })
    return String(((await made.json()) as { key: string }).key)
  })

/** One output for each kind of secret. `src/http/planted-secrets.test.ts` walks over the forms of all outputs. */
const WALKED = ["rtmp-adobe", "srt-backup", "hls-login", "s3"]

/**
 * Sends every form of the pages as each role, on a copy of the channel whose outputs send nothing, and puts everything
 * back after each that is taken.
 */
const walkPages = async (names: ReadonlyArray<string>) => {
  const cloned = await call("POST", "/api/channels/main/clone", { name: "walk" })
  expect(cloned.status, cloned.text).toBe(201)
  const slugs = cloned.body.outputs.map(({ slug }: { slug: string }) => slug)
  expect(slugs).toEqual(expect.arrayContaining([...names, ...WALKED]))
  const { body: listed } = await call("GET", "/api/notifications/destinations")
  const roles = { viewer: await callers("viewer"), operator: await callers("operator"), admin: await callers("admin") }
  // Not by `call`: this is the one answer that shows secrets.
  const kept = await (await fetch(`${product.url}/api/config?secrets=1`, { headers: ADMIN })).text()
  const { rotated } = await walkForms({
    ask: (method, path, body, headers) => call(method, path, body, headers),
    roles,
    places: {
      ":id": ["walk"],
      ":output": WALKED,
      ":template": ["cdn"],
      ":destination": listed.destinations.map(({ id }: { id: string }) => id),
      ":version": ["1"],
    },
    typed: planted("WalkTyped"),
    restore: async () => {
      const headers = { ...roles.admin(), "Content-Type": "application/json" }
      expect((await call("PUT", "/api/config", kept, headers)).status).toBe(200)
    },
  })
  for (const slug of WALKED)
    expect([...rotated].filter((one) => one.startsWith(`/channels/walk/outputs/${slug}/edit `))).not.toEqual([])
  expect((await call("DELETE", "/api/channels/walk")).status).toBe(204)
}

it("a planted secret is found nowhere", async () => {
  const { connected, failing, waiting } = await plantedOutputs(planted, (stop) => void closers.push(stop))
  const password = planted("UserPassword")
  const template = {
    name: "cdn",
    url: `rtmp://me:${planted("TemplateLogin")}@127.0.0.1:9/live`,
    stream_key: planted("TemplateKey"),
  }
  await addDestinations(search, call, (stop) => void closers.push(stop))
  const legs = await plantedInputs(planted)

  // The answer that makes a key is the one place that shows it.
  const made = await fetch(`${product.url}/api/keys`, {
    method: "POST",
    headers: { ...ADMIN, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "robot", role: "admin" }),
  })
  const { key } = (await made.json()) as { key: string }
  expect(key.length).toBeGreaterThan(20)
  secrets.push(key)
  const urlOnly = planted("TemplateUrl")
  search.begin()

  expect((await call("POST", "/api/users", { name: "ada", password, role: "admin" })).status).toBe(201)
  expect((await call("POST", "/api/templates", template)).status).toBe(201)
  expect((await call("PUT", "/api/templates/cdn", { url: `srt://127.0.0.1:9?passphrase=${urlOnly}` })).status).toBe(200)
  const channel = { name: "main", rtp_ip: "127.0.0.1", rtp_port: inputPort }
  expect((await call("POST", "/api/channels", channel)).status).toBe(201)
  for (const output of [...connected, ...waiting, ...failing]) {
    const { status, text } = await call("POST", "/api/channels/main/outputs", output)
    expect(status, text).toBe(201)
    // A refused request is repeated without its secret.
    expect(
      (await call("POST", "/api/channels/main/outputs", { ...output, url: `${output.url}\u0000`, no_such: output }))
        .status,
    ).toBe(400)
  }
  await makeInputs(legs)
  await call("POST", "/api/channels/main/start")
  const tests = [...connected, ...failing].map((output) => call("POST", "/api/outputs/test", output))

  const login = (fields: Record<string, string>) =>
    call("POST", "/login", new URLSearchParams(fields).toString(), {
      "Content-Type": "application/x-www-form-urlencoded",
    })
  expect((await login({ user: "ada", password: `${password}-wrong` })).status).toBe(401)
  expect((await login({ key: `${key}-wrong` })).status).toBe(401)
  const { headers } = await login({ user: "ada", password })
  const session = { Cookie: (headers.get("set-cookie") ?? "").split(";")[0] ?? "" }
  const feed: string[] = []
  const socket = new WebSocket(`${product.url.replace("http", "ws")}/ws`, { headers: { "X-API-Key": key } } as never)
  socket.onmessage = ({ data }) => void feed.push(String(data))

  // All outputs are in use: those that can connect have connected, and the others say why they cannot.
  const view = async () => (await call("GET", "/api/channels/main")).body as Awaited<ReturnType<Product["view"]>>
  await eventually(
    "all outputs have come to their end",
    async () => {
      const { outputs } = await view()
      const of = (names: ReadonlyArray<{ readonly name: string }>) =>
        outputs.filter(({ name }) => names.some((one) => one.name === name))
      const up = of(connected).every(({ status }) => status === "connected")
      return up && of(failing).every(({ last_error }) => last_error !== null) ? true : null
    },
    30_000,
  )
  for (const { status } of await Promise.all(tests)) expect([200, 503]).toContain(status)
  await eventually("notifications have been tried", async () => {
    const { body } = await call("GET", "/api/notifications/destinations")
    return (
      body.destinations.every(
        ({ delivery }: { delivery: { last_error: string | null } }) => delivery.last_error !== null,
      ) || null
    )
  })

  await walkPages([...connected, ...failing].map(({ name }) => name))

  const { body: document } = await call("GET", "/api/config")
  await call("GET", "/api/config?format=yaml")
  await call("PUT", "/api/config?dry_run=1", document)
  expect(
    (
      await call("PUT", "/api/config?dry_run=1", {
        ...document,
        channels: document.channels.slice(0, 1),
        no_such: secrets,
      })
    ).status,
  ).toBe(400)
  await call("POST", "/api/config/rollback?dry_run=1", { version: 1 })

  // Asks every address that shows something, with the key and, as browsers do, with a session.
  for (const { method, path } of RULES) {
    const isStream = path === "/ws" || path.startsWith("/live/") || path.startsWith("/preview/")
    if (method !== "GET" || isStream) continue
    for (const output of path.includes(":output") ? ["rtmp-adobe", "srt", "1"] : ["", "by-srt"]) {
      const [channel, input] = output === "by-srt" ? ["by-srt", "2"] : ["main", "1"]
      const at = path
        .replace(":output", output)
        .replace(":version", "1")
        .replace(":template", "cdn")
        .replace(":id", /inputs|channels|hls/.test(path) ? (path.includes("inputs") ? input : channel) : "mail")
      for (const who of [ADMIN, session]) await call(method, at, undefined, who)
    }
  }
  expect((await call("GET", "/channels/main", undefined, session)).text).toContain("rtmp-adobe")
  for (const path of ["/live/channels", "/live/channels/main"]) {
    const text = await streamOf(`${product.url}${path}`, session, (sent) => sent.includes("hx-partial"))
    expect(text).toContain("hx-partial")
    look(path, text)
  }
  await eventually("messages of the WebSocket", () => (feed.length >= 2 ? true : null))
  socket.close()
  expect(feed.at(-1)).toContain("rtmp-adobe")
  look("the WebSocket", feed.join("\n"))

  processes.look()
  const ran = [...processes.programs].join("\n")
  expect(ran).toMatch(/ffmpeg .*rtsp/)
  expect(ran).toContain("engine")
  const lookAtFiles = () => {
    for (const file of filesBelow(product.dataDir)) look(file, contentOf(file))
  }
  const names = () => filesBelow(product.dataDir).map((path) => path.slice(product.dataDir.length + 1))
  expect(names()).toEqual(expect.arrayContaining(["distributor.db", "distributor.db-wal", "engine.log", "secret.key"]))
  lookAtFiles()
  // The search must find a secret that is there.
  const before = [...found]
  const shown = await call("GET", "/api/config?secrets=1")
  for (const secret of secrets.filter((one) => /Rtmp|Rtsp|Srt|Hls|S3|Input/.test(one)))
    expect(shown.text).toContain(secret)
  expect(found.size).toBeGreaterThan(before.length + 10)
  found.clear()
  for (const one of before) found.add(one)

  // A start makes a copy of the store, and takes the running streams over.
  const first = product
  await first.kill("SIGTERM")
  product = await Product.start({ env: environment(), dataDir: first.dataDir })
  await eventually("a copy of the store", () => (names().some((name) => /^backups\/.*\.db$/.test(name)) ? true : null))
  lookAtFiles()
  look("what the service wrote", first.output + product.output)
  expect(first.output).toContain("rtmp-taken")
  expect([...found]).toEqual([])
})
