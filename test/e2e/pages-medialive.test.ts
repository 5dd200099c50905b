/**
 * MediaLive in Chromium, on the running product beside the stand-in for AWS: connected, seen, checked, made a channel of,
 * started with its price, watched, and stopped; a leg that is lost at the wire and one that is lost at MediaLive.
 */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { FakeAws, KEYS } from "../aws/FakeAws.ts"
import { axe, openPage, startBrowser } from "./browser.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { type BackgroundSource, startSource } from "./source.ts"

const aws = new FakeAws({ transitionMs: 3000 })
let browser: Browser
let product: Product
let ports: readonly [number, number]
const sources: BackgroundSource[] = []

beforeAll(async () => {
  ports = [await freeUdpPort(), await freeUdpPort()]
  const urls = ports.map((port) => `rtp://127.0.0.1:${port}`)
  aws.add({ urls, egress: ["127.0.0.1"], m2ts: { scte35Control: "NONE" } })
  aws.add({ id: "1002", name: "Elsewhere", urls: ["rtp://192.0.2.7:5000"], channelClass: "SINGLE_PIPELINE" })
  const endpoint = await aws.listen()
  const env = {
    MEDIALIVE: "on",
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: "",
    AWS_ACCESS_KEY_ID: "",
  }
  ;[browser, product] = await Promise.all([startBrowser(), Product.start({ env })])
})
afterAll(async () => {
  for (const source of sources) await source.stop()
  await Promise.all([browser?.close(), product?.dispose()])
  aws.close()
})

const send = async (port: number) => {
  const source = await startSource({ port, bitrate: 1_000_000 })
  sources.push(source)
  return source
}

interface Shown {
  readonly state: string
  readonly lifecycle: string
  readonly auto: { readonly wanted: boolean }
}
const mediaLive = async () => (await product.api<Shown>("GET", "/api/medialive/channels/1001")).body

it("the life of a channel of MediaLive beside ours, on the pages", async () => {
  const { click, close, expectProblem, page, problems } = await openPage(browser, `${product.url}/medialive`)
  await page.getByText("AWS is not connected").waitFor()

  // Connected by keys that are typed, with a permission missing first.
  aws.denied.add("medialive:ListAlerts").add("pricing:GetProducts")
  await page.getByRole("link", { name: "Connection to AWS" }).click()
  await page.getByLabel("Region", { exact: true }).fill("eu-west-1")
  await page.getByLabel("Access key id", { exact: true }).fill(KEYS.accessKeyId)
  await page.getByLabel("Secret access key", { exact: true }).fill(KEYS.secretAccessKey)
  await page.getByLabel("Where MediaLive reaches this machine").fill("127.0.0.1")
  await page.getByLabel("Price of a GB that outputs send").fill("0.09")
  await page.getByRole("button", { name: "Test", exact: true }).click()
  await page.getByText("Missing: medialive:ListAlerts, pricing:GetProducts.").waitFor()
  expect(await page.content()).not.toContain(KEYS.secretAccessKey)
  expect(await axe(page)).toEqual([])
  aws.denied.clear()
  await page.getByRole("button", { name: "Test", exact: true }).click()
  await page.getByText("AWS answers, and nothing that was tried is missing.").waitFor()
  await page.getByText("Requests are signed with the keys that are kept here.").waitFor()

  // Seen, and made a channel of.
  await page.getByRole("link", { name: "MediaLive", exact: true }).first().click()
  await page.getByRole("row", { name: /Elsewhere 1002 ready \(IDLE\)/ }).waitFor()
  expect(await axe(page)).toEqual([])
  await page.getByRole("link", { name: "Main Event", exact: true }).click()
  await page.getByRole("link", { name: "Create a channel from this output" }).click()
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Main Event")
  await page.getByRole("button", { name: "Add and start" }).click()
  await page.waitForURL("**/#channel-main-event")
  const { body } = await product.api<Record<string, unknown>>("GET", "/api/channels/main-event")
  expect(body).toMatchObject({
    rtp_port: ports[0],
    backup_rtp_port: ports[1],
    input: { allowed_senders: ["127.0.0.1"] },
  })

  // Checked, and started with its price.
  await page.goto(`${product.url}/medialive/channels/1001`)
  await page.getByText("SCTE-35 passthrough is off").waitFor()
  await page.getByText("m2tsSettings.scte35Control").waitFor()
  await page.getByText("$1.00 an hour").waitFor()
  // Until AWS has told its prices, those of a table stand here and on the page of the start.
  await page.getByText("list price estimate, by AWS's price list for eu-west-1").waitFor()
  await click(page.getByRole("link", { name: "Start…" }))
  await page
    .getByText("It costs $1.00 an hour by list prices (an estimate, by AWS's price list for eu-west-1")
    .waitFor()
  await page.getByRole("button", { name: "Start Main Event" }).click()
  await page.getByText("starting (STARTING)").waitFor()
  // It turns running on the open page.
  await page.getByText("streaming (RUNNING)").waitFor()
  await page.getByText("2 of 2 pipelines run").waitFor()
  expect(await axe(page)).toEqual([])

  // Both sides of the wire, on the page of the channel.
  await send(ports[0])
  const backup = await send(ports[1])
  await page.goto(`${product.url}/channels/main-event`)
  const second = page.locator("#beside > div", { hasText: "pipeline 1 → backup" })
  await second.getByText("MediaLive sends, and it arrives here.").waitFor()
  expect(await axe(page)).toEqual([])
  await backup.stop()
  await second.getByText("nothing arrives here: look at its security group").waitFor()
  aws.channel("1001").alerts = [
    { id: "7", alertType: "Stopped Receiving UDP Input", pipelineId: "1", message: "nothing on [rtp]" },
  ]
  await second.getByText("MediaLive has an alert on pipeline 1").waitFor({ timeout: 60_000 })
  await send(ports[1])
  await second.getByText("It arrives, and MediaLive has an alert on pipeline 1").waitFor()

  // Stopped, with what goes dark; a second stop is refused in words.
  await page.goto(`${product.url}/medialive/channels/1001/stop`)
  await page.getByText("No output of ours goes dark.").waitFor()
  await page.getByRole("button", { name: "Stop Main Event" }).click()
  await page.getByText("stopping (STOPPING)").waitFor()
  expectProblem(/status of 409/)
  await page.goto(`${product.url}/medialive/channels/1001/stop`)
  await page.getByRole("button", { name: "Stop Main Event" }).click()
  await page.getByText(/Channel 1001 is (STOPPING|IDLE), and not RUNNING/).waitFor()
  await page.goto(`${product.url}/medialive/channels/1001`)
  await page.getByText("ready (IDLE)").waitFor()

  // What it came to, and the file of it.
  await page.goto(`${product.url}/medialive/costs`)
  await page.getByRole("rowheader", { name: "Main Event 1001" }).waitFor()
  await page.getByText("never a bill").waitFor()
  expect(await axe(page)).toEqual([])
  const csv = await page.request.get(`${product.url}/medialive/costs.csv`)
  expect(await csv.text()).toMatch(
    /^month,kind,name,id,amount,unit,list_price_estimate_usd,hours_without_price,hours_priced_in_part\r\n\d{4}-\d\d,medialive,Main Event,1001,0\.17,hours,0\.17,0,0\r\n/,
  )

  // A schedule on the page of the channel.
  await page.goto(`${product.url}/channels/main-event/schedule`)
  await page.getByLabel("Time zone").fill("Mars/Olympus")
  await page.getByLabel("Mon", { exact: true }).first().check()
  await page.getByLabel("Start of window 1").fill("18:00")
  await page.getByLabel("Stop of window 1").fill("19:30")
  expectProblem(/status of 400/)
  await page.getByRole("button", { name: "Save", exact: true }).click()
  await page.getByText("must be a time zone such as Europe/Berlin").waitFor()
  await page.getByLabel("Time zone").fill("Europe/Berlin")
  await page.getByRole("button", { name: "Save", exact: true }).click()
  await page.getByText(/Next: start at .* 18:00 UTC\+\d \(Europe\/Berlin\)/).waitFor()
  expect(await axe(page)).toEqual([])
  expect(problems).toEqual([])
  await close()
})

it("a destination starts and stops MediaLive, by page: added, started, streaming, stopped, removed", async () => {
  aws.channel("1001").alerts = []
  const { close, page, problems } = await openPage(browser, `${product.url}/medialive/channels/1001`)
  await page.getByRole("button", { name: "Start and stop it by itself" }).click()
  await page.getByText("Saved.").waitFor()
  await page.getByText(/^On: /).waitFor()
  // Created: nothing is asked of AWS.
  const before = aws.count("medialive:StartChannel")
  await page.goto(`${product.url}/add/output?channel=main-event`)
  await page.getByLabel("Name", { exact: true }).fill("Restream")
  await page.getByLabel("URL", { exact: true }).fill(`udp://127.0.0.1:${await freeUdpPort()}`)
  await page.getByRole("button", { name: "Add without starting it" }).click()
  await page.waitForURL("**/#output-*")
  expect([aws.count("medialive:StartChannel"), (await mediaLive()).lifecycle]).toEqual([before, "ready"])
  // Started: MediaLive is, and what it is doing stands beside the legs.
  await page.goto(`${product.url}/channels/main-event`)
  const row = page.locator("#output-rows > tr", { hasText: "Restream" })
  const first = page.locator("#beside > div", { hasText: "pipeline 0 → primary" })
  await first.getByRole("link", { name: "Start MediaLive…" }).waitFor()
  await row.getByRole("button", { name: "Start output Restream" }).click()
  await first.getByText("MediaLive is starting, which takes a minute or more").waitFor()
  await first.getByText("MediaLive sends, and it arrives here.").waitFor()
  await row.getByText("connected", { exact: true }).waitFor()
  expect(aws.count("medialive:StartChannel")).toBe(before + 1)
  // Stopped: the output at once, MediaLive by hand, with what goes dark.
  await row.getByRole("button", { name: "Stop output Restream" }).click()
  await row.getByText("stopped", { exact: true }).waitFor()
  await first.getByRole("link", { name: "Stop MediaLive…" }).click()
  await page.getByText("No output of ours goes dark.").waitFor()
  await page.getByRole("button", { name: "Stop Main Event" }).click()
  await page.getByText("ready (IDLE)").waitFor()
  // Removed.
  await page.goto(`${product.url}/channels/main-event/outputs/restream/edit`)
  await page.getByRole("button", { name: "Remove output" }).click()
  await page.getByText("Output Restream of Main Event removed.").waitFor()
  expect(problems).toEqual([])
  await close()
})

it("a destination starts and stops MediaLive, by REST: ready, starting, streaming, ready", async () => {
  const set = await product.api("PUT", "/api/medialive/channels/1001/auto", { enabled: true, idle_minutes: 10 })
  expect(set.status).toBe(200)
  const output = await product.addOutput("main-event", {
    name: "YouTube",
    url: `udp://127.0.0.1:${await freeUdpPort()}`,
    enabled: false,
  })
  const lifecycle = async () =>
    (await product.view("main-event")).outputs.find(({ id }) => id === output.id)?.lifecycle ?? ""
  expect([await lifecycle(), (await mediaLive()).lifecycle]).toEqual(["ready", "ready"])
  await product.api("POST", `/api/channels/main-event/outputs/${output.id}/start`)
  await eventually("MediaLive starts", async () => ((await mediaLive()).lifecycle === "starting" ? true : null))
  await eventually("both are streaming", async () =>
    (await mediaLive()).lifecycle === "streaming" && (await lifecycle()) === "streaming" ? true : null,
  )
  await product.api("POST", `/api/channels/main-event/outputs/${output.id}/stop`)
  await eventually("the output is ready", async () => ((await lifecycle()) === "ready" ? true : null))
  // It is not wanted any more, and runs on for the ten minutes that AWS bills at least.
  await eventually("nobody wants it", async () => ((await mediaLive()).auto.wanted ? null : true))
  expect((await mediaLive()).lifecycle).toBe("streaming")
  expect((await product.api("DELETE", `/api/channels/main-event/outputs/${output.id}`)).status).toBe(204)
  expect((await product.api("POST", "/api/medialive/channels/1001/stop")).status).toBe(200)
})

it("AWS that does not answer, or refuses, delays nothing: what it said last is shown, and the rest goes on", async () => {
  await product.channel({ name: "Aside", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  aws.silent.add("*")
  // A start that AWS does not answer fails on its own, within its bound.
  const asked = product.api<{ detail: string }>("POST", "/api/medialive/channels/1001/start")
  const paths = ["/medialive", "/medialive/channels/1001", "/channels/main-event", "/api/medialive", "/api/channels"]
  let slowest = 0
  for (let n = 0; n < 4; n++)
    for (const path of paths) {
      const from = performance.now()
      expect([path, (await fetch(`${product.url}${path}`)).status]).toEqual([path, 200])
      slowest = Math.max(slowest, performance.now() - from)
    }
  // Far below the 10 s that a request to AWS may take.
  expect(slowest).toBeLessThan(4000)
  expect((await product.api("POST", "/api/channels/aside/stop")).status).toBe(200)
  const { body, status } = await asked
  expect([status, body.detail]).toEqual([
    502,
    expect.stringMatching(/medialive:StartChannel.*did not answer within 10 s/),
  ])
  const problem = async () => (await product.api<{ problem: string | null }>("GET", "/api/medialive")).body.problem
  await eventually("the list says so", async () => ((await problem())?.includes("within 10 s") ? true : null))
  aws.silent.clear()
  aws.denied.add("medialive:StartChannel")
  const refused = await product.api<{ detail: string }>("POST", "/api/medialive/channels/1001/start")
  expect([refused.status, refused.body.detail]).toEqual([502, expect.stringContaining("medialive:StartChannel")])
  aws.denied.clear()
})

it("no secret is in the log, on a page, in the metrics or in an export, and AWS was asked once a second at most", async () => {
  const paths = ["/medialive", "/medialive/channels/1001", "/settings/medialive", "/metrics", "/api/config?secrets=1"]
  for (const path of [...paths, "/api/medialive/connection", "/api/medialive", "/api/audit", "/system/log"]) {
    const answer = await fetch(`${product.url}${path}`)
    const text = await answer.text()
    expect([path, answer.status, text.includes(KEYS.secretAccessKey)]).toEqual([path, 200, false])
  }
  expect(product.output).not.toContain(KEYS.secretAccessKey)
  expect(product.output).not.toContain("AWS4-HMAC")
  const metrics = await (await fetch(`${product.url}/metrics`)).text()
  expect(metrics).toMatch(
    /distributor_medialive_feeds\{medialive="1001",channel="main-event",source="backup",pipeline="1"\} 1/,
  )
  const times = aws.calls.map(({ at }) => at)
  // Times of arrival: a request may be late, and the next one is then closer to it by as much.
  const close = times.filter((at, n) => n > 0 && at - (times[n - 1] ?? 0) < 900)
  expect([times.length > 30, close]).toEqual([true, []])
})
