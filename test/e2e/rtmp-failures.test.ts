/**
 * What an operator reads when an RTMP output does not come up, and whether it is tried again (row 24 of the fault
 * matrix, and the failures of platforms).
 */
import { createServer } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { selfSigned } from "./certificates.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { NginxRtmp, TcpFront } from "./rtmp-servers.ts"

let product: Product
let nginx: NginxRtmp
let channelId: string
beforeAll(async () => {
  nginx = await NginxRtmp.start()
  product = await Product.start()
  const channel = await product.channel({ name: "failures", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  channelId = channel.id
})
afterAll(async () => {
  await product.dispose()
  await nginx.stop()
})

/** The first error that an output to this URL shows, and its status then. */
const errorOf = async (name: string, url: string) => {
  const { body } = await product.api<{ id: string }>("POST", `/api/channels/${channelId}/outputs`, { name, url })
  const found = await eventually(
    `${name} has failed`,
    async () => {
      const output = (await product.view(channelId)).outputs.find(({ id }) => id === body.id)
      return output?.last_error == null ? null : output
    },
    20_000,
  )
  await product.api("DELETE", `/api/channels/${channelId}/outputs/${body.id}`)
  return { error: found.last_error ?? "", status: found.status }
}

it("nothing listens", async () => {
  const port = await freeTcpPort()
  const { error, status } = await errorOf("refused", `rtmp://127.0.0.1:${port}/live/key`)
  expect(error).toBe(`127.0.0.1:${port} refuses connections: nothing listens there, or a firewall says no`)
  expect(status).toBe("retrying")
})

it("the host name does not exist", async () => {
  const { error } = await errorOf("unknown", "rtmp://no-such-host.invalid/live/key")
  expect(error).toMatch(/^the host name no-such-host\.invalid cannot be resolved/)
})

it("the certificate is not trusted, or for another name: no retry storm, an error", async () => {
  const front = await TcpFront.start(nginx.port, selfSigned())
  const self = await errorOf("self-signed", `rtmps://localhost:${front.port}/live/key`)
  expect(self.error).toBe(
    `the certificate of localhost:${front.port} is refused: it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)`,
  )
  expect(self.status).toBe("error")
  expect(front.names).toEqual([])
  front.stop()
})

it("the server knows no such application", async () => {
  const { error } = await errorOf("app", `rtmp://127.0.0.1:${nginx.port}/nothing/key`)
  expect(error).toBe(
    "the server closed the connection without answering connect: it may not know the application in the URL",
  )
})

it("the server lets nobody publish", async () => {
  const { error } = await errorOf("closed", `rtmp://127.0.0.1:${nginx.port}/closed/secret-key`)
  expect(error).toMatch(/^the server/)
  expect(error).not.toContain("secret-key")
})

it("the stream key is in use: BadName, and the one that was there goes on", async () => {
  const url = `rtmp://127.0.0.1:${nginx.port}/live/once`
  const first = await product.api<{ id: string }>("POST", `/api/channels/${channelId}/outputs`, { name: "first", url })
  await product.until("the first is connected", channelId, (view) =>
    view.outputs.some((o) => o.name === "first" && o.status === "connected"),
  )
  const { error, status } = await errorOf("second", url)
  expect(error).toMatch(/^the stream key is in use: .*NetStream\.Publish\.BadName/)
  expect(status).toBe("retrying")
  const view = await product.view(channelId)
  expect(view.outputs.find(({ id }) => id === first.body.id)).toMatchObject({ status: "connected", error_count: 0 })
})

it("a port that takes connections and says nothing, and one without the TLS that was asked for", async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
  const address = silent.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const [dumb, plain] = await Promise.all([
    errorOf("silent", `rtmp://127.0.0.1:${port}/live/key`),
    errorOf("plain", `rtmps://127.0.0.1:${nginx.port}/live/key`),
  ])
  expect(dumb.error).toBe(
    "the server does not answer the RTMP handshake: check the port, and whether it must be rtmps://",
  )
  expect(dumb.status).toBe("retrying")
  expect(plain.error).toMatch(/TLS/)
  silent.close()
})
