/**
 * The running product tells a webhook that a destination has died and that it is back, with channel and output named.
 */
import { connect, createServer, type Server, type Socket } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Message } from "../../src/effects/notifications/message.ts"
import { startHttpReceiver } from "../../src/effects/testing/receivers.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"

/** Makes a way to a server that can be cut and joined again. */
const makeLink = (port: number, to: number) => {
  const sockets = new Set<Socket>()
  let server: Server | null = null
  return {
    up: () => {
      server = createServer((near) => {
        const far = connect(to, "127.0.0.1")
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(one)
          one.on("error", () => undefined)
          one.on("close", () => other.destroy())
        }
        near.pipe(far).pipe(near)
      })
      return new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve))
    },
    down: () => {
      server?.close()
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
  }
}

let product: Product
let rtmp: RtmpTestServer
let hook: Awaited<ReturnType<typeof startHttpReceiver>>
beforeAll(async () => {
  rtmp = await RtmpTestServer.start()
  hook = await startHttpReceiver()
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  await hook.close()
  rtmp.stop()
})

it("a destination dies: the webhook hears of it, and of its return", async () => {
  const created = await product.api<{ id: string }>("POST", "/api/notifications/destinations", {
    name: "On call",
    kind: "webhook",
    url: `${hook.url}/hook`,
    secret: "correct horse battery",
  })
  expect(created.status).toBe(201)
  expect((await product.api("POST", `/api/notifications/destinations/${created.body.id}/test`)).body).toMatchObject({
    ok: true,
    answer: "HTTP 200: ok",
  })
  const rules = { rules: [{ kinds: ["output_down"] }], output_down_after_s: 1, group_wait_s: 0, group_interval_s: 0 }
  expect((await product.api("PUT", "/api/notifications/rules", rules)).status).toBe(200)

  const port = await freeTcpPort()
  const link = makeLink(port, rtmp.port)
  await link.up()
  const outputs = [
    { name: "CDN A", url: `rtmp://127.0.0.1:${port}/live/a` },
    { name: "CDN B", url: `rtmp://127.0.0.1:${rtmp.port}/live/b` },
  ]
  const { id } = await product.channel({
    name: "Main event",
    rtp_ip: "127.0.0.1",
    rtp_port: await freeUdpPort(),
    outputs,
  })
  await product.until(
    "both are connected",
    id,
    (view) => view.outputs.every(({ status }) => status === "connected"),
    20_000,
  )
  const messages = () => hook.received.slice(1).map(({ body }) => JSON.parse(body) as Message)

  link.down()
  const opened = await eventually("the webhook hears of it", () => messages()[0], 60_000)
  expect(opened).toMatchObject({
    version: 1,
    event: "opened",
    severity: "critical",
    title: "Main event, output CDN A: down",
    total: 1,
  })
  expect(opened.notices[0]).toMatchObject({
    key: "output_down:main-event:cdn-a",
    channel: "main-event",
    output: "cdn-a",
  })
  expect(hook.received[1]?.headers["x-distributor-signature"]).toMatch(/^sha256=[0-9a-f]{64}$/)
  const acknowledged = await product.api("POST", "/api/notifications/output_down:main-event:cdn-a/acknowledge")
  expect(acknowledged.body).toMatchObject({ state: "open", acknowledged_by: "the operator" })

  await link.up()
  const resolved = await eventually("the webhook hears of its return", () => messages()[1], 60_000)
  expect(resolved).toMatchObject({
    event: "resolved",
    notices: [{ id: opened.notices[0]?.id, output: "cdn-a", event: "resolved" }],
  })
  const { body } = await product.api<{ notices: Array<{ key: string; state: string }> }>("GET", "/api/notifications")
  expect(body.notices.find(({ key }) => key === "output_down:main-event:cdn-a")?.state).toBe("resolved")
  expect(messages()).toHaveLength(2)
  link.down()
})
