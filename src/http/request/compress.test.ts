import { gunzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { makeTestApp } from "../testing/test-app.ts"

const GZIP = { "Accept-Encoding": "br;q=1.0, gzip;q=0.8" }

describe("compression", () => {
  it("packs pages for those who take gzip, and says that answers differ", async () => {
    const { call } = makeTestApp()
    const plain = await call("GET", "/")
    const packed = await call("GET", "/", undefined, GZIP)
    expect([plain.headers.get("content-encoding"), packed.headers.get("content-encoding")]).toEqual([null, "gzip"])
    expect([plain.headers.get("vary"), packed.headers.get("vary")]).toEqual(["Accept-Encoding", "Accept-Encoding"])
    const bytes = new Uint8Array(await packed.arrayBuffer())
    expect(gunzipSync(bytes).toString()).toMatch(/^<!doctype html>/)
    expect(bytes.byteLength).toBeLessThan((await plain.text()).length / 2)
    // Headers that every page carries stay.
    expect(packed.headers.get("content-security-policy")).toBe(plain.headers.get("content-security-policy"))
  })

  it("packs scripts and the stylesheet", async () => {
    const { call } = makeTestApp()
    for (const name of ["style.css", "htmx.js", "list.js"]) {
      const packed = await call("GET", `/static/${name}`, undefined, GZIP)
      expect(packed.headers.get("content-encoding")).toBe("gzip")
      const text = gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString()
      expect(text).toBe(await (await call("GET", `/static/${name}`)).text())
    }
  })

  it("leaves alone who refuses it, event streams, and the API", async () => {
    const { call } = makeTestApp()
    for (const accepted of ["identity", "gzip;q=0", "br", "gzip;q=0.000"]) {
      expect(
        (await call("GET", "/", undefined, { "Accept-Encoding": accepted })).headers.get("content-encoding"),
      ).toBeNull()
    }
    expect((await call("GET", "/api/channels", undefined, GZIP)).headers.get("content-encoding")).toBeNull()
    const stream = await call("GET", "/live/channels", undefined, GZIP)
    expect([stream.headers.get("content-encoding"), stream.headers.get("content-type")]).toEqual([
      null,
      "text/event-stream",
    ])
    await stream.body?.cancel()
  })

  it("gives htmx and its event streams as one script: in two, the page may begin before the second is there", async () => {
    const { call } = makeTestApp()
    expect(await (await call("GET", "/static/htmx.js")).text()).toContain('registerExtension("sse"')
    expect(await (await call("GET", "/")).text()).not.toContain("hx-sse.js")
  })
})
