/**
 * Two nodes of one PostgreSQL, one on Bun and one on Deno: starts that are refused, what an operator does on the pages
 * of the node that does not own the channel, and a takeover by the node on Deno.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { executePostgres, type PostgresServer, startPostgres } from "../../src/effects/testing/postgres.ts"
import { openPage, startBrowser } from "./browser.ts"
import {
  API_KEY,
  allSent,
  channelsFor,
  nodeEnvironment,
  Observer,
  placements,
  sharedKeyFile,
  startNode,
} from "./nodes-stage.ts"
import { freeTcpPort } from "./ports.ts"
import { eventually, type Product } from "./product.ts"
import { runUntilEnd } from "./run-until-end.ts"

const keyFile = sharedKeyFile()
const folder = mkdtempSync(join(tmpdir(), "distributor-no-node-"))
let server: PostgresServer
let url: string
let a: Product
let b: Product
let observer: Observer
let browser: Browser
/** The channel, which `a` owns at first. */
let slug = ""

/** What came twice since the last mark, once the channel is sent now. */
const doubles = async () => {
  const seen = async () => (await observer.report()).channels[0]
  const before = (await seen())?.datagrams ?? 0
  await eventually("it is sent", async () => (((await seen())?.datagrams ?? 0) > before + 20 ? true : null))
  return (await seen())?.doubles
}
const placed = (what: string, found: (row: Record<string, unknown>) => boolean) =>
  eventually(what, async () => {
    const [row] = await executePostgres(url, "SELECT owner, partner, home, standby FROM placements")
    return row !== undefined && found(row) ? row : null
  })
const standing = (name: string, wanted: string) =>
  eventually(`${name} is ${wanted}`, async () => {
    const [row] = await executePostgres(url, `SELECT standing FROM nodes WHERE name = '${name}'`)
    return row?.["standing"] === wanted ? true : null
  })

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase()
  a = await startNode("a", { databaseUrl: url, keyFile })
  const [channel] = await channelsFor(1)
  if (channel === undefined) throw new Error("no channel")
  observer = Observer.start({ via: "127.0.0.1", channels: [channel] })
  const made = await a.channel({
    name: "News",
    rtp_ip: channel.group,
    rtp_port: channel.port,
    input: { interface: "127.0.0.1" },
    outputs: [{ name: "out", url: `udp://127.0.0.1:${channel.output}` }],
  })
  slug = made.slug
  ;[b, browser] = await Promise.all([startNode("b", { databaseUrl: url, keyFile, runtime: "deno" }), startBrowser()])
  await placed("b would take over", ({ owner, partner }) => owner === "a" && partner === "b")
  await allSent(observer)
})
afterAll(async () => {
  await browser?.close()
  await observer?.stop()
  for (const node of [a, b]) await node?.dispose()
  await server?.end()
  rmSync(folder, { recursive: true, force: true })
})

it("what would be no good node is refused at its start, with what to do, and disturbs nobody", async () => {
  await observer.mark()
  const address = `http://127.0.0.1:${await freeTcpPort()}`
  const good = { ...nodeEnvironment("c", { databaseUrl: url, keyFile, address }), PORT: "0", THUMBNAILS: "off" }
  const otherKey = join(folder, "other.key")
  writeFileSync(otherKey, "0f".repeat(32), { mode: 0o600 })
  const refused = async (what: string, env: Record<string, string>, said: RegExp) => {
    const { code, text } = await runUntilEnd({ ...good, DATA_DIR: mkdtempSync(join(folder, "data-")), ...env })
    expect([what, code, text]).toEqual([what, 1, expect.stringMatching(said)])
  }
  await Promise.all([
    refused(
      "another key",
      { KEY_FILE: otherKey },
      /another key than that of .*other\.key; .*copy it from another node/,
    ),
    refused(
      "no key",
      { KEY_FILE: join(folder, "missing.key") },
      /missing\.key is missing; .*copy it from another node/,
    ),
    refused(
      "SQLite",
      { DATABASE_URL: "" },
      /DATABASE_URL: must be that of a PostgreSQL .*leave NODES and NODE_NAME out/,
    ),
  ])
  await Promise.all([
    refused(
      "a name twice",
      { NODE_NAME: "a" },
      /NODE_NAME: another machine \(.*\) runs as node "a"; give each machine/,
    ),
    refused("an address twice", { NODE_ADDRESS: a.url }, /NODE_ADDRESS: http\S+ is that of node "a"; give each node/),
    refused("no node", { NODES: "off", NODE_NAME: "" }, /another distributor uses .*set NODES=on on all that share it/),
  ])
  await executePostgres(url, "UPDATE nodes SET protocol = 99 WHERE name = 'b'")
  await refused("a version", {}, /NODES: node "b" \(version .*does not work together with .*install one version on all/)
  await executePostgres(url, "UPDATE nodes SET protocol = 1")
  const names = await executePostgres(url, "SELECT name FROM nodes ORDER BY name")
  expect(names.map(({ name }) => name)).toEqual(["a", "b"])
  expect((await placements(url)).map(({ epoch, owner }) => [owner, epoch])).toEqual([["a", expect.any(Number)]])
  expect(await doubles()).toBe(0)
})

it("the pages of the node that does not own a channel choose its standby, move it, and drain its node", async () => {
  await observer.mark()
  const { close, page, problems } = await openPage(browser, `${b.url}/nodes`, {
    extraHTTPHeaders: { "X-API-Key": API_KEY },
  })
  const row = (name: string) => page.locator(`#node-${name}`)
  /** Sends a form, and waits for the page that comes in its place: what follows would interrupt it. */
  const submit = async (name: string) => {
    const answer = page.waitForEvent("load")
    await page.getByRole("button", { exact: true, name }).click()
    await answer
  }
  await row("a").getByRole("link", { name: "News" }).click()
  await page.getByText("Runs on a; home is a").waitFor()
  await page.getByLabel("Standby").selectOption("b")
  await submit("Save")
  await placed("its standby is b", ({ standby }) => standby === "b")

  await page.goto(`${b.url}/channels/${slug}`)
  await page.getByLabel("Move to").selectOption("b")
  await submit("Move")
  await placed("b owns it", ({ owner }) => owner === "b")
  expect(await doubles()).toBe(0)

  // From the other one now, and the page follows by itself.
  await page.goto(`${a.url}/nodes`)
  await row("b").getByRole("link", { name: "News" }).waitFor()
  await row("b").getByRole("button", { name: "Drain b" }).click()
  await row("a").getByRole("link", { name: "News" }).waitFor()
  await placed("a owns it", ({ owner }) => owner === "a")
  await row("b").getByRole("button", { name: "Resume b" }).click()
  await standing("b", "up")
  expect(await doubles()).toBe(0)
  expect(problems).toEqual([])
  await close()
})

it("a node whose engine stands still while it takes over sends nothing that the other one sent", async () => {
  await placed("b would take over", ({ owner, partner }) => owner === "a" && partner === "b")
  const move = async (node: Product, to: string) => {
    const engine = await node.enginePid()
    await observer.mark()
    process.kill(engine, "SIGSTOP")
    try {
      const moved = a.api("POST", `/api/channels/${slug}/move`, { node: to })
      await placed(`${to} owns it`, ({ owner }) => owner === to)
      // Time for it to ask its engine, which has what came meanwhile in its socket.
      await new Promise((resolve) => setTimeout(resolve, 200))
      process.kill(engine, "SIGCONT")
      expect((await moved).status).toBe(200)
    } finally {
      process.kill(engine, "SIGCONT")
    }
    expect(await doubles(), `to ${to}`).toBe(0)
  }
  await move(b, "b")
  await move(a, "a")
})

it("the node on Deno takes over when the one on Bun is gone, and shows it", async () => {
  await placed("b would take over", ({ owner, partner }) => owner === "a" && partner === "b")
  await observer.mark()
  process.kill(await a.enginePid(), "SIGKILL")
  await a.kill("SIGKILL")
  await placed("b owns it", ({ owner }) => owner === "b")
  expect(await doubles()).toBe(0)
  expect((await b.api("GET", `/api/channels/${slug}/placement`)).body).toMatchObject({
    owner: "b",
    last_move: { from: "a", reason: "taken over" },
  })
  expect(b.child.spawnargs[0]).toMatch(/deno$/)
})
