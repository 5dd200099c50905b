/** `ETag`, `If-Match` and `Idempotency-Key` over the real control plane: secrets count, but are not revealed. */
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "./testing/real-app.ts"

const { start, stopAll } = makeRealApps()
afterEach(stopAll)

const CHANNEL = {
  name: "main",
  rtp_port: 5000,
  outputs: [{ name: "cdn", url: "srt://192.0.2.1:9000?passphrase=first-passphrase" }],
}
const TEMPLATE = { name: "cdn", url: "srt://192.0.2.1:9000?passphrase=first-passphrase" }
const OTHER = { url: "srt://192.0.2.1:9000?passphrase=other-passphrase" }
const FIRST = { url: "srt://192.0.2.1:9000?passphrase=first-passphrase" }
const RESULT = /^"[\w-]{22}"$/

const prepared = async (dataDir?: string) => {
  const app = await start(dataDir === undefined ? {} : { dataDir })
  if (dataDir === undefined) {
    expect((await app.call("POST", "/api/channels", CHANNEL)).status).toBe(201)
    expect((await app.call("POST", "/api/templates", TEMPLATE)).status).toBe(201)
  }
  const tagOf = async (path: string) => (await app.call("GET", path)).headers.get("etag") ?? ""
  return { ...app, tagOf }
}

const OUTPUTS = ["/api/channels/main/outputs/cdn", "/api/inputs/1/outputs/1"]
const WITH_OUTPUT = [
  ...OUTPUTS,
  "/api/channels",
  "/api/channels/main",
  "/api/channels/main/outputs",
  "/api/inputs",
  "/api/inputs/1",
  "/api/inputs/1/outputs",
  "/api/config",
]

describe("ETag", () => {
  it("changes with a secret that is not shown, and comes back with it", async () => {
    const { call, tagOf } = await prepared()
    const tags = () => Promise.all(WITH_OUTPUT.map(tagOf))
    const before = await tags()
    for (const tag of before) expect(tag).toMatch(RESULT)
    const shown = (await call("GET", OUTPUTS[0] ?? "")).text
    expect((await call("PUT", OUTPUTS[0] ?? "", OTHER)).status).toBe(200)
    expect((await call("GET", OUTPUTS[0] ?? "")).text).toBe(shown)
    for (const [index, tag] of (await tags()).entries()) expect(tag, WITH_OUTPUT[index]).not.toBe(before[index])
    expect((await call("PUT", OUTPUTS[1] ?? "", FIRST)).status).toBe(200)
    expect(await tags()).toEqual(before)

    const template = await tagOf("/api/templates/cdn")
    const changed = await call("PUT", "/api/templates/cdn", OTHER)
    expect(changed.headers.get("etag")).toBe(await tagOf("/api/templates/cdn"))
    expect(changed.headers.get("etag")).not.toBe(template)
  })

  it("of the configuration is the same with and without secrets, as JSON and as YAML, and after a restart", async () => {
    const first = await prepared()
    const tag = await first.tagOf("/api/config")
    expect(await first.tagOf("/api/config?format=yaml")).toBe(tag)
    const all = await Promise.all(WITH_OUTPUT.map(first.tagOf))
    await first.stop()
    const second = await prepared(first.dataDir)
    expect(await Promise.all(WITH_OUTPUT.map(second.tagOf))).toEqual(all)
    // Another service, with another key, gives an equal state another tag, so nobody can use tags to guess passphrases.
    const other = await prepared()
    expect(await other.tagOf("/api/config")).not.toBe(tag)
  })
})

describe("If-Match", () => {
  it.each([
    ["PUT", "/api/inputs/1", { name: "renamed" }, 200],
    ["DELETE", "/api/inputs/1", undefined, 204],
    ["PUT", "/api/inputs/1/outputs/1", { enabled: false }, 200],
    ["DELETE", "/api/inputs/1/outputs/1", undefined, 204],
    ["PUT", "/api/config", { version: 1, channels: [] }, 200],
    ["POST", "/api/config/rollback", { version: 1 }, 200],
    ["PUT", "/api/templates/cdn", { enabled: false }, 200],
    ["DELETE", "/api/templates/cdn", undefined, 204],
  ] as const)("lets %s %s through in the state it names, and in no other", async (method, path, body, status) => {
    const { call, tagOf } = await prepared()
    const at = path.replace("/rollback", "")
    if (path.endsWith("/rollback")) {
      const { body: document } = await call("GET", "/api/config")
      await call("PUT", "/api/config", { ...document, channels: [{ slug: "second", name: "second", rtp_port: 5004 }] })
      await call("POST", "/api/channels", CHANNEL)
    }
    const old = await tagOf(at)
    // Only a secret is changed in between.
    expect((await call("PUT", at.includes("templates") ? at : (OUTPUTS[0] ?? ""), OTHER)).status).toBe(200)
    const current = await tagOf(at)
    const refused = await call(method, path, body, { "If-Match": old })
    expect(refused.status).toBe(412)
    expect(refused.headers.get("etag")).toBe(current)
    expect(await tagOf(at)).toBe(current)
    expect((await call(method, path, body, { "If-Match": current })).status).toBe(status)
  })

  it("lets one of many writers through that read the same state", async () => {
    const { call, tagOf } = await prepared()
    const write = async (path: string, bodyOf: (writer: number) => unknown) => {
      const tag = await tagOf(path)
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, writer) => call("PUT", path, bodyOf(writer), { "If-Match": tag })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 412)])
    }
    await write("/api/inputs/1", (writer) => ({ name: `writer ${writer}` }))
    await write("/api/templates/cdn", (writer) => ({ output_name: `writer ${writer}` }))
    await write("/api/config", (writer) => ({
      version: 1,
      channels: [{ slug: "w", name: `writer ${writer}`, rtp_port: 5000 }],
    }))
  })
})

it("an Idempotency-Key creates a template or an input once", async () => {
  const { call } = await prepared()
  for (const [path, body] of [
    ["/api/templates", { ...TEMPLATE, name: "second" }],
    ["/api/inputs", { name: "second" }],
  ] as const) {
    const send = () => call("POST", path, body, { "Idempotency-Key": path })
    const [first, again] = [await send(), await send()]
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect(again.headers.get("idempotency-replayed")).toBe("true")
    expect((await call("POST", path, { ...body, name: "third" }, { "Idempotency-Key": path })).status).toBe(422)
  }
})

it("an output of an input is made from a template, with what is given beside it", async () => {
  const { call } = await prepared()
  const made = await call("POST", "/api/inputs/1/outputs", { template: "cdn", name: "from it" })
  expect(made.status, made.text).toBe(201)
  expect(made.body).toMatchObject({ name: "from it", protocol: "srt", url: "srt://192.0.2.1:9000?passphrase=***" })
  const missing = await call("POST", "/api/inputs/1/outputs", { template: "none" })
  expect([missing.status, missing.body["errors"]]).toEqual([400, [expect.objectContaining({ path: "template" })]])
})
