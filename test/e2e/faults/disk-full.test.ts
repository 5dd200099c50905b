/**
 * The disk with the store, the HLS directories and the engine's log is full while a channel is live (row 37 of the
 * fault matrix).
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../../load-tests/lib/udp-sink.ts"
import { eventually, Product } from "../product.ts"
import { fill, free, type SmallDisk, smallDisk } from "../small-disk.ts"

describe("a full disk under the store", () => {
  const root = mkdtempSync(join(tmpdir(), "distributor-disk-"))
  let disk: SmallDisk | null
  let product: Product
  let sink: UdpSink

  beforeAll(async () => {
    disk = await smallDisk(join(root, "disk"), 24)
    if (disk === null) return
    mkdirSync(join(disk.path, "data"))
    product = await Product.start({ dataDir: join(root, "disk", "data"), args: ["--demo"], by: disk.by })
    sink = createUdpSink({ port: 0 })
    await eventually("the demo channel is there", async () =>
      (await product.api("GET", "/api/channels/demo")).status === 200 ? true : null,
    )
    for (const [name, url] of [
      ["udp", `udp://127.0.0.1:${sink.port}`],
      ["hls", "hls://full"],
    ]) {
      await product.api("POST", "/api/channels/demo/outputs", { name, url })
    }
    await sink.until(({ messages }) => messages > 100, 20_000)
  })
  afterAll(async () => {
    if (disk === null) return
    await product?.dispose()
    sink?.close()
    disk.unmount()
    rmSync(root, { recursive: true, force: true })
  })

  it("row 37: streaming goes on, changes are refused whole with the reason, health says so, and all is well once there is space", async (context) => {
    if (disk === null) return context.skip()
    const before = await product.api<{ version: number; channels: ReadonlyArray<unknown> }>("GET", "/api/config")
    sink.reset()
    fill(disk.path)
    // SQLite may still have room in its file, so changes are tried until one is refused.
    const refused = await eventually("a change is refused", async () => {
      const answer = await product.api<{ detail: string }>("POST", "/api/channels/demo/outputs", {
        name: `more ${"x".repeat(40)}`,
        url: "udp://127.0.0.1:9",
      })
      return answer.status === 201 ? null : answer
    })
    expect([refused.status, refused.headers.get("content-type")]).toEqual([503, "application/problem+json"])
    expect(refused.body.detail).toMatch(/full|space/i)
    const health = await eventually("health says so", async () => {
      const { body } = await product.api<{ status: string; problems: ReadonlyArray<string> }>("GET", "/api/health")
      return body.problems.some((problem) => /full|space/i.test(problem)) ? body : null
    })
    expect(health.status).toBe("degraded")

    const hls = async () =>
      (await product.api<{ status: string; last_error: string | null }>("GET", "/api/channels/demo/outputs/hls")).body
    await eventually(
      "the HLS output says so",
      async () => (/full/i.test((await hls()).last_error ?? "") ? true : null),
      20_000,
    )
    const received = sink.stats().messages
    await eventually("the stream goes on", () => (sink.stats().messages > received + 100 ? true : null))
    expect(sink.stats()).toMatchObject({ cc_errors: 0, kernel_drops: 0 })

    free(disk.path)
    const added = await eventually("changes are taken again", async () => {
      const answer = await product.api("POST", "/api/channels/demo/outputs", {
        name: "after",
        url: "udp://127.0.0.1:9",
      })
      return answer.status === 201 ? answer : null
    })
    expect(added.status).toBe(201)
    await eventually("the HLS output is back", async () => ((await hls()).status === "connected" ? true : null), 20_000)
    const after = await product.api<{ version: number; channels: ReadonlyArray<unknown> }>("GET", "/api/config")
    expect(after.body.channels).toHaveLength(before.body.channels.length)
    expect(sink.stats()).toMatchObject({ cc_errors: 0, kernel_drops: 0 })
  })
})
