/** With `public_only`, no kind of output goes to this machine, whether its URL says so or a name leads there. */

import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import type { OutputSettings } from "../core/output/output-settings.ts"
import type { OutputSpec, Reply } from "./protocol/messages.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
let bench: EngineBench
let connections = 0
const server = createServer((socket) => {
  connections++
  socket.destroy()
})
let tcp = 0

beforeAll(async () => {
  bench = await EngineBench.start(library)
  await bench.channel()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  tcp = (server.address() as AddressInfo).port
})
afterAll(() => {
  bench.close()
  server.close()
})

const s3 = (s3_endpoint: string) => ({ s3_endpoint, s3_access_key_id: "a", s3_secret_access_key: "b" })
interface Target {
  readonly name: string
  readonly url: () => string
  readonly settings?: () => OutputSettings
}
const TARGETS: ReadonlyArray<Target> = [
  ...(library.srt === null ? [] : [{ name: "srt", url: () => "srt://localhost:9999" }]),
  { name: "udp", url: () => "udp://localhost:9999" },
  { name: "rtp", url: () => "rtp://10.0.0.1:9999" },
  { name: "rtmp", url: () => `rtmp://localhost:${tcp}/app/key` },
  { name: "http", url: () => `http://localhost:${tcp}/up/index.m3u8` },
  { name: "s3", url: () => "s3://bucket/p", settings: () => s3(`http://localhost:${tcp}`) },
]

describe("test_output with public_only", () => {
  it.each(TARGETS)("refuses $name", async ({ name, settings = () => ({}), url }) => {
    const output = {
      id: name,
      label: name,
      session: `t-${name}`,
      url: url(),
      settings: settings() as OutputSpec["settings"],
      public_only: true,
    }
    const reply = (await bench.engine.handle({ id: 1, cmd: "test_output", output })) as Reply
    expect(reply).toMatchObject({ ok: true, test: { ok: false, error: { code: "private_target", transient: false } } })
    expect(connections).toBe(0)
  })
})

describe("open_output with public_only", () => {
  // Uploads are left out, since they connect only with their first segment.
  it.each(TARGETS.filter(({ name }) => name !== "http" && name !== "s3"))("refuses $name", async ({ name, url }) => {
    const output = { id: name, label: name, session: `o-${name}`, url: url(), public_only: true }
    bench.ask({ cmd: "open_output", channel_id: "c1", output })
    const { reason } = await bench.outputIs(name, "ended")
    expect(reason).toMatchObject({
      code: "private_target",
      message: expect.stringContaining("ALLOW_PRIVATE_TARGETS=off"),
    })
    expect(connections).toBe(0)
  })

  it("lets multicast and listeners be", async () => {
    bench.ask({
      cmd: "open_output",
      channel_id: "c1",
      output: {
        id: "m",
        label: "m",
        session: "o-m",
        url: "udp://239.77.1.1:9999?localaddr=127.0.0.1",
        public_only: true,
      },
    })
    await bench.outputIs("m", "connected")
  })
})
