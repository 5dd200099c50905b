/** Bad input: two legs on one port, and unwanted senders with a foreign SSRC or from a foreign address. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildRtp } from "../../../src/core/rtp/header.ts"
import type { InputSettings } from "../../../src/effects/model/channel.ts"
import { Feed } from "../channel-feed.ts"
import { DatagramSender, numberedTs, payloadsOf } from "../datagrams.ts"
import { FailoverStage, namesOf, type StageOptions } from "../failover-stage.ts"
import { freeUdpPort } from "../ports.ts"
import { Product } from "../product.ts"

let product: Product
let feed: Feed

beforeAll(async () => {
  const started = await Promise.all([Product.start(), Feed.start(["A", "B", "C"])])
  product = started[0]
  feed = started[1]
})
afterAll(async () => {
  await feed.kill()
  await product.dispose()
})

interface Problem {
  readonly title: string
  readonly detail: string
  readonly errors: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

describe.concurrent("two legs on one port", () => {
  const create = (input: Record<string, unknown>) =>
    product.api<Problem>("POST", "/api/channels", { name: "twice", ...input })

  it.each([
    ["the same address", "127.0.0.1", "127.0.0.1"],
    ["any address and one of them", "0.0.0.0", "127.0.0.1"],
    ["one address and any", "127.0.0.1", "0.0.0.0"],
  ])("%s: refused with a sentence that names the port", async (_, rtp_ip, backup_rtp_ip) => {
    const port = await freeUdpPort()
    const { body, status } = await create({ rtp_ip, rtp_port: port, backup_rtp_ip, backup_rtp_port: port })
    expect([400, 409]).toContain(status)
    expect(body.errors).toContainEqual({
      path: "backup_rtp_port",
      message: expect.stringMatching(new RegExp(`same port.*:${port}.*port of its own`)),
    })
    expect(await product.api("GET", "/api/channels/twice")).toMatchObject({ status: 404 })
  })

  it("by the ports of FEC: refused likewise", async () => {
    const port = await freeUdpPort()
    const legs = { rtp_ip: "127.0.0.1", rtp_port: port, backup_rtp_ip: "127.0.0.1", backup_rtp_port: port + 2 }
    const { body, status } = await create({ ...legs, input: { fec: "auto" } })
    expect([400, 409]).toContain(status)
    expect(body.errors).toContainEqual({ path: "input.fec", message: expect.stringContaining(String(port + 2)) })
  })

  it("a change that would bring them together is refused, and the channel goes on as it was", async ({
    onTestFinished,
  }) => {
    const on = await FailoverStage.open(product, feed, { name: "moved together", srt: ["listener"] })
    onTestFinished(() => on.close())
    await on.ready()
    const answer = await product.api<Problem>("PUT", `/api/channels/${on.channel.id}`, {
      backup_rtp_port: on.primary.port,
    })
    expect([400, 409]).toContain(answer.status)
    expect(answer.body.errors[0]?.message).toMatch(/same port/)
    await on.udp.atLeast(on.udp.datagrams.length + 200)
    await on.checkOutputsStayed()
    expect(on.report().violations).toEqual([])
  })
})

const FOREIGN = "127.0.0.2"

describe.concurrent("intruders on the port of a running leg", () => {
  const besieged = async (options: StageOptions) => {
    const on = await FailoverStage.open(product, feed, options)
    await on.ready()
    return on
  }

  it.for<readonly [string, InputSettings, { readonly ssrc: number; readonly from?: string }, string]>([
    ["with a foreign SSRC from the same host", {}, { ssrc: 0xbad0_0001 }, "foreign"],
    ["from a foreign address", {}, { ssrc: 0xbad0_0002, from: FOREIGN }, "foreign"],
    [
      "from an address that allowed_senders does not list",
      { allowed_senders: ["127.0.0.1"] },
      { ssrc: 0xbad0_0003, from: FOREIGN },
      "not_allowed",
    ],
  ])("%s: counted, told, and nothing of them goes out", async ([what, input, sender, counter], { onTestFinished }) => {
    const on = await besieged({ name: `intruder ${what}`, input })
    onTestFinished(() => on.close())
    const intruder = await feed.leg("C", { port: on.primary.port, ...sender })
    await on.until("they are counted", (v) => (v.input.legs[0]?.counters[counter] ?? 0) > 200)
    const view = await on.view()
    expect(view.input.legs[0]).toMatchObject({ receiving: true, sender: expect.stringMatching(/^127\.0\.0\.1:/) })
    if (counter === "foreign")
      expect(view.input.legs[0]?.warnings).toContainEqual(expect.stringMatching(/second sender/))
    await intruder.end()
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A"])
    expect(view).toMatchObject({ status: "running", active_source: "primary", input: { switches: 0 } })
    await on.checkOutputsStayed()
  })

  it("with allowed_senders they get in neither when the sender falls silent nor when it was never there", async ({
    onTestFinished,
  }) => {
    const on = await besieged({ name: "pinned", backup: null, input: { allowed_senders: ["127.0.0.1/32"] } })
    onTestFinished(() => on.close())
    const intruder = await feed.leg("C", { port: on.primary.port, ssrc: 0xbad0_0004, from: FOREIGN })
    await on.primary.is("silent")
    const view = await on.until("the input is gone", (v) => v.status === "error" && v, 12_000)
    expect(view.input.legs[0]?.counters["not_allowed"]).toBeGreaterThan(500)
    expect(namesOf(on.report())).toEqual(["A"])
    expect(on.report().violations).toEqual([])
    await on.primary.is("none")
    await on.until("it is back", (v) => v.status === "running")
    await intruder.end()
    expect(namesOf(on.report())).toEqual(["A"])
  })

  it("a thousand SSRCs, a datagram each, neither get in nor leave anything behind", async ({ onTestFinished }) => {
    const on = await besieged({ name: "many", input: { failover_after_ms: 2000 } })
    onTestFinished(() => on.close())
    const strangers = new DatagramSender(on.primary.port)
    onTestFinished(() => strangers.close())
    const payloads = payloadsOf(numberedTs(7))
    await strangers.send(
      Array.from({ length: 1000 }, (_, i) =>
        buildRtp({ ssrc: 0xbad1_0000 + i, sequence: i, timestamp: i }, payloads[0] ?? new Uint8Array()),
      ),
      1,
    )
    await on.until("they are counted", (v) => (v.input.legs[0]?.counters["foreign"] ?? 0) >= 900)
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(namesOf(report)).toEqual(["A"])
    expect(await on.view()).toMatchObject({ active_source: "primary", input: { switches: 0 } })
  })
})
