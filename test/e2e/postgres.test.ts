/**
 * The running product on a real PostgreSQL: all is kept there, streams need none of it, and what it does not know is
 * read again.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { type PostgresServer, startPostgres } from "../../src/effects/testing/postgres.ts"
import { startPostgresLink } from "../../src/effects/testing/postgres-link.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"

const API_KEY = "a key of the environment"
interface Problem {
  readonly type: string
  readonly detail: string
}

let server: PostgresServer
let link: Awaited<ReturnType<typeof startPostgresLink>>
let product: Product
let source: BackgroundSource
let receiver: UdpReceiver
beforeAll(async () => {
  server = await startPostgres()
  link = await startPostgresLink(await server.createDatabase())
  product = await Product.start({ env: { DATABASE_URL: link.url, API_KEY } })
  receiver = await UdpReceiver.open()
})
afterAll(async () => {
  await source?.stop()
  receiver?.close()
  await product?.dispose()
  link?.close()
  await server?.end()
})

const outputNames = async () => (await product.view("main")).outputs.map(({ name }) => name)
/** Datagrams go on coming. */
const flows = () => receiver.atLeast(receiver.datagrams.length + 100)

it("keeps channels, outputs and users in PostgreSQL, over a restart as well", async () => {
  const port = await freeUdpPort()
  source = await startSource({ port, bitrate: 2_000_000 })
  const outputs = [{ name: "out", url: `udp://127.0.0.1:${receiver.port}` }]
  await product.channel({ name: "main", rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  expect(
    (await product.api("POST", "/api/users", { name: "ada", password: "correct horse battery", role: "admin" })).status,
  ).toBe(201)
  expect(
    (await product.api("POST", "/api/templates", { name: "cdn", url: "srt://192.0.2.1:9000?passphrase=0123456789" }))
      .status,
  ).toBe(201)
  await flows()
  const before = await product.view("main")
  expect((await product.health()).problems).toEqual([])

  await product.kill("SIGKILL")
  product = await Product.start({ env: { DATABASE_URL: link.url, API_KEY }, dataDir: product.dataDir })
  await product.until("it runs", "main", ({ status }) => status === "running")
  const known = ({ created_at, id, name, number, outputs }: ChannelView) => ({
    created_at,
    id,
    name,
    number,
    out: outputs[0]?.id,
  })
  expect(known(await product.view("main"))).toEqual(known(before))
  expect((await product.api("GET", "/api/templates/cdn")).status).toBe(200)
  const login = {
    method: "POST",
    body: new URLSearchParams({ user: "ada", password: "correct horse battery" }),
    redirect: "manual",
  } as const
  expect((await fetch(`${product.url}/login`, login)).status).toBe(303)
  await flows()
  expect(existsSync(join(product.dataDir, "distributor.db"))).toBe(false)
})

it("goes on with its streams while PostgreSQL is away, refuses changes whole, and is well again by itself", async () => {
  const engine = await product.enginePid()
  await server.kill()
  await flows()
  const health = await eventually("health says so", async () => {
    const found = await product.health()
    return found.store.ok ? null : found
  })
  expect(health.status).toBe("degraded")
  expect(health.problems.join("\n")).toMatch(
    /the configuration store postgres:\/\/tester@127\.0\.0\.1:\d+\/store_1 does not answer \(.+\): streams go on as they are, and nothing can be changed/,
  )
  expect(JSON.stringify(health)).not.toContain("pa55")
  const more = { name: "more", rtp_port: await freeUdpPort(), outputs: [{ name: "x", url: "udp://127.0.0.1:9" }] }
  for (const [method, path, body] of [
    ["POST", "/api/channels", more],
    ["PUT", "/api/channels/main", { name: "renamed" }],
    ["POST", "/api/channels/main/outputs", { url: "udp://127.0.0.1:9" }],
    ["POST", "/api/channels/main/stop", undefined],
    ["DELETE", "/api/channels/main", undefined],
    ["PUT", "/api/config", { version: 1, channels: [] }],
    ["POST", "/api/users", { name: "bob", password: "correct horse battery", role: "viewer" }],
  ] as const) {
    const { body: problem, headers, status } = await product.api<Problem>(method, path, body)
    expect([method, path, status, problem.type]).toEqual([
      method,
      path,
      503,
      expect.stringMatching(/:store-unavailable$/),
    ])
    expect(problem.detail).toMatch(/^the configuration store failed to .+: .+/)
    expect(problem.detail).not.toContain("pa55")
    expect(headers.get("retry-after")).toBe("2")
  }
  const view = await product.view("main")
  expect([view.name, view.status, view.outputs.map(({ name, status }) => [name, status])]).toEqual([
    "main",
    "running",
    [["out", "connected"]],
  ])
  await flows()

  await server.start()
  await eventually("all is well", async () => ((await product.health()).problems.length === 0 ? true : null))
  expect((await product.api("POST", "/api/channels", more)).status).toBe(201)
  expect((await product.api<{ channels: ReadonlyArray<unknown> }>("GET", "/api/channels")).body.channels).toHaveLength(
    2,
  )
  await flows()
  expect(await product.enginePid()).toBe(engine)
})

it("says that a change may have been stored when it is lost at its COMMIT, and shows what was", async () => {
  const add = (name: string) =>
    product.api<Problem>("POST", "/api/channels/main/outputs", { name, url: `udp://127.0.0.1:${receiver.port}` })
  for (const [name, lost] of [
    ["kept", "answer"],
    ["never", "commit"],
  ] as const) {
    link.lose(name, lost)
    const { body, status } = await add(name)
    expect([status, body.type]).toEqual([503, expect.stringMatching(/:outcome-unknown$/)])
    expect(body.detail).toMatch(/It may have been stored: read it again, and repeat what is missing$/)
  }
  await eventually("what was stored is shown", async () => ((await outputNames()).includes("kept") ? true : null))
  // Nothing is changed before the store has been read again.
  await eventually("the next change", async () => ((await add("next")).status === 201 ? true : null))
  expect(await outputNames()).toEqual(["out", "kept", "next"])
  await product.until("they run", "main", ({ outputs }) => outputs.every(({ status }) => status === "connected"))
  expect(link.sprung()).toBe(2)
  await flows()
})
