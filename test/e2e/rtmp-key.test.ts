/**
 * Point 14: a test of an RTMP destination says whether the stream key works, and disturbs nobody who is on air with it.
 */
import { createServer, type Server } from "node:http"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { OutputTestView } from "../../src/effects/model/channel.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { NginxRtmp } from "./rtmp-servers.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"

const GOOD = "good-key-1"
const BAD = "wrong-key-2"

let product: Product
let nginx: NginxRtmp
let door: Server
/** What nginx asked, e.g. `publish good-key-1` or `done good-key-1`. */
const asked: string[] = []

beforeAll(async () => {
  door = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => (body += String(chunk)))
    request.on("end", () => {
      const name = new URLSearchParams(body).get("name") ?? ""
      asked.push(`${(request.url ?? "").slice(1)} ${name}`)
      response.writeHead(request.url === "/publish" && name !== GOOD ? 403 : 200).end()
    })
  })
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve))
  const address = door.address()
  nginx = await NginxRtmp.start(typeof address === "object" && address !== null ? address.port : 0)
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  await nginx.stop()
  door.close()
})

const test = async (body: Record<string, unknown>) => {
  const { body: outcome, status } = await product.api<OutputTestView>("POST", "/api/outputs/test", body)
  expect(status).toBe(200)
  return outcome
}
const namesOf = (server: RtmpTestServer) =>
  server.sessions.flatMap((session) => session.server.commands.map(({ name }) => name))

it("nginx refuses a wrong key and takes the right one, which is left again", async () => {
  const wrong = await test({ url: `rtmp://127.0.0.1:${nginx.port}/guarded`, stream_key: BAD })
  expect(wrong).toMatchObject({ outcome: "failed", ok: false, untested: null })
  expect(wrong.error?.message).toMatch(/stream key/)
  expect(JSON.stringify(wrong)).not.toContain(BAD)
  const right = await test({ url: `rtmp://127.0.0.1:${nginx.port}/guarded`, stream_key: GOOD })
  expect(right).toMatchObject({ outcome: "ok", ok: true, error: null, untested: null })
  await eventually("the publication was ended", () => (asked.includes(`done ${GOOD}`) ? true : null))
  expect(asked.filter((line) => line.startsWith("publish"))).toEqual([`publish ${BAD}`, `publish ${GOOD}`])
})

it("a publication that runs is not touched: it is the proof itself", async () => {
  const url = `rtmp://127.0.0.1:${nginx.port}/live/on-air`
  const { id } = await product.channel({
    name: "On air",
    rtp_ip: "127.0.0.1",
    rtp_port: await freeUdpPort(),
    outputs: [{ name: "a", url }],
  })
  await product.until("it publishes", id, ({ outputs }) => (outputs[0]?.uptime ?? 0) > 3.5)
  const itself = (await product.api<OutputTestView>("POST", `/api/channels/${id}/outputs/a/test`)).body
  for (const outcome of [
    itself,
    await test({ url: `rtmp://127.0.0.1:${nginx.port}/live`, stream_key: "on-air?again=1" }),
  ]) {
    expect(outcome).toMatchObject({ outcome: "ok", ok: true })
    expect(outcome.steps.at(-1)).toBe(
      "the output a publishes with this stream key at this moment: it was not published a second time",
    )
  }
  const [output] = (await product.view(id)).outputs
  expect(output).toMatchObject({ status: "connected", error_count: 0, reconnects: 0 })
})

it("a key that somebody else uses is told, and he goes on", async () => {
  const other = await Product.start()
  try {
    const url = `rtmp://127.0.0.1:${nginx.port}/live/theirs`
    const { id } = await other.channel({
      name: "Theirs",
      rtp_ip: "127.0.0.1",
      rtp_port: await freeUdpPort(),
      outputs: [{ url }],
    })
    await other.until("it publishes", id, ({ outputs }) => outputs[0]?.status === "connected")
    const outcome = await test({ url })
    expect(outcome).toMatchObject({ outcome: "failed", ok: false })
    expect(outcome.error?.message).toMatch(/^the stream key is in use/)
    expect((await other.view(id)).outputs[0]).toMatchObject({ status: "connected", error_count: 0 })
  } finally {
    await other.dispose()
  }
})

it("publishes without media and without a word that ends another's session, and leaves", async () => {
  const server = await RtmpTestServer.start()
  const outcome = await test({ url: `rtmp://127.0.0.1:${server.port}/live`, stream_key: GOOD })
  expect(outcome).toMatchObject({ outcome: "ok", ok: true })
  await eventually("it has left", () => (server.sessions.every(({ ended }) => ended) ? true : null))
  expect(namesOf(server)).toEqual(["connect", "FCPublish", "createStream", "publish", "FCUnpublish", "deleteStream"])
  expect(server.sessions.map(({ problem, server: { media } }) => [problem, media.length])).toEqual([[null, 0]])
  server.stop()
})

it("a server that starts the publication and closes it for a wrong key has failed the test", async () => {
  const server = await RtmpTestServer.start()
  const asking = test({ url: `rtmp://127.0.0.1:${server.port}/live`, stream_key: BAD })
  const [session] = await eventually("it publishes", () =>
    server.publications.length > 0 ? server.publications : null,
  )
  setTimeout(() => session?.socket.end(), 700)
  const outcome = await asking
  expect(outcome).toMatchObject({ outcome: "failed", ok: false, error: { transient: true } })
  expect(outcome.error?.message).toMatch(
    /^the server closed the connection, \d\.\d s after it had started the publication: check the stream key$/,
  )
  server.stop()
})

it("a platform whose broadcast would begin is not published to: the outcome is unknown", async () => {
  const server = await RtmpTestServer.start()
  const url = `rtmp://127.0.0.1:${server.port}/live2`
  const outcome = await test({ preset: "youtube", url, stream_key: BAD })
  expect(outcome).toMatchObject({ outcome: "unknown", ok: false, error: null })
  expect(outcome.untested).toMatch(/^the stream key was not tried: YouTube Live/)
  expect(outcome.steps).toContain("logged in and given a stream")
  expect(namesOf(server)).not.toContain("publish")
  await test({ preset: "twitch", url, stream_key: GOOD })
  const publish = server.publications[0]?.server.commands.find(({ name }) => name === "publish")
  expect(publish?.values.slice(1)).toEqual([`${GOOD}?bandwidthtest=true`, "live"])
  server.stop()
})
