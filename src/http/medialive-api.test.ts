/** MediaLive by REST over the stand-in for AWS: answers as described, bad bodies by their places, and nothing without it. */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Layer, Logger, Option, type Runtime, Schema, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FakeAws, KEYS } from "../../test/aws/FakeAws.ts"
import { eventually } from "../../test/e2e/product.ts"
import { ChannelBook, makeChannelBook } from "../effects/config/ChannelBook.ts"
import { EngineClient } from "../effects/engine/EngineClient.ts"
import { makeMediaLive } from "../effects/medialive/live.ts"
import type { MediaLiveService } from "../effects/medialive/medialive-service.ts"
import { ENVIRONMENT, fedChannel } from "../effects/medialive/testing/medialive-stage.ts"
import { Schedules } from "../effects/schedule/Schedules.ts"
import { Changes } from "../effects/store/Changes.ts"
import { EventLog } from "../effects/store/EventLog.ts"
import { layerFile } from "../effects/store/Store.ts"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { makeFakeEngine } from "../effects/testing/FakeEngine.ts"
import { makeApp } from "./App.ts"
import { NAMED } from "./openapi/components.ts"
import { OPERATIONS, openApiDocument } from "./openapi/document.ts"
import { isObject, type JsonObject } from "./openapi/json-schema.ts"
import { makeBadBodies } from "./openapi/testing/bad-bodies.ts"
import { medialiveWeb } from "./pages/medialive/medialive-web.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { makeTestApp, OPEN } from "./testing/test-app.ts"

const aws = new FakeAws({ transitionMs: 0 })
const directory = mkdtempSync(join(tmpdir(), "distributor-"))
let app: ReturnType<typeof makeApp>
let service: MediaLiveService
let scope: Scope.CloseableScope

const call = async (method: string, path: string, body?: unknown) => {
  const init = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
  const response = await app.request(path, { method, ...init })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get("content-type") ?? "")
  return { status: response.status, text, body: isJson && text !== "" ? JSON.parse(text) : null }
}

beforeAll(async () => {
  const fec = { includeFec: "COLUMN", columnDepth: 10, rowLength: 10 }
  aws.add({ fec, egress: ["203.0.113.10"], others: { spare: ["rtp://192.0.2.9:5000"] } })
  scope = await Effect.runPromise(Scope.make())
  const made = Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const book = yield* makeChannelBook
    book.put(fedChannel())
    yield* book.markLoaded
    const base = Layer.mergeAll(
      layerFile(join(directory, "distributor.db")),
      Layer.succeed(ChannelBook, book),
      Layer.succeed(EngineClient, engine.service),
      Changes.Live,
    )
    const context = yield* Layer.buildWithScope(
      Layer.mergeAll(EventLog.Live, Schedules.Live).pipe(Layer.provideMerge(base)),
      scope,
    )
    return yield* Scope.extend(Effect.provide(makeMediaLive(ENVIRONMENT, aws.fetch), context), scope)
  })
  const quiet = Logger.replace(Logger.defaultLogger, Logger.none)
  service = await Effect.runPromise(Effect.provide(made, quiet))
  const runtime: Runtime.Runtime<never> = await Effect.runPromise(Effect.provide(Effect.runtime<never>(), quiet))
  app = makeApp({
    plane: makeFakeControlPlane(),
    settings: OPEN,
    accounts: memoryAccounts({ apiKey: false }),
    audit: memoryAudit(),
    grafanaUrl: Option.none(),
    medialiveWeb: medialiveWeb(service),
    runtime,
  })
  await eventually("AWS has told its channels and prices", async () =>
    (await call("GET", "/api/medialive")).body.channels[0]?.price?.from === "aws" ? true : null,
  )
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  rmSync(directory, { recursive: true, force: true })
})

const OWN = OPERATIONS.filter(({ tag }) => tag === "MediaLive")
const urlOf = (path: string) =>
  path.replace("/channels/{id}", path.startsWith("/api/channels") ? "/channels/news" : "/channels/1001")

describe("answers", () => {
  const lasting = OWN.filter(({ id }) => id !== "deleteMediaLiveConnection")
  it.each(lasting.map((operation) => [operation.id, operation] as const))(
    "of %s are as described",
    async (id, operation) => {
      const example = operation.body === undefined ? undefined : NAMED[operation.body]?.examples?.[0]
      const body = id === "setMediaLiveConnection" ? { addresses: ["198.51.100.5"], egress_usd_per_gb: 0.09 } : example
      const { body: answer, status, text } = await call(operation.method.toUpperCase(), urlOf(operation.path), body)
      expect([id, status, text.slice(0, 200)]).toEqual([
        id,
        Number(Object.keys(operation.answers)[0]),
        expect.anything(),
      ])
      const name = operation.answers[status]?.schema
      const schema = name === undefined ? undefined : NAMED[name]?.schema
      if (schema !== undefined)
        Schema.decodeUnknownSync(schema as Schema.Schema<unknown>, { onExcessProperty: "error", errors: "all" })(answer)
      expect(text).not.toContain(KEYS.secretAccessKey)
    },
  )

  it("hold no secret of a destination", async () => {
    const { text } = await call("GET", "/api/medialive")
    expect(text).toContain("rtp://192.0.2.9:5000")
  })
})

describe("bodies", () => {
  const document = openApiDocument()
  const components = document["components"]
  const schemas = isObject(components) && isObject(components["schemas"]) ? components["schemas"] : {}
  const { badBodies } = makeBadBodies(schemas as JsonObject)
  it.each(OWN.filter(({ body }) => body !== undefined).map((operation) => [operation.id, operation] as const))(
    "of %s are refused with the place of each mistake",
    async (_id, { body = "", method, path }) => {
      const schema = schemas[body]
      const cases = badBodies(isObject(schema) ? schema : {})
      expect(cases.length).toBeGreaterThan(5)
      for (const one of cases) {
        const answer = await call(method.toUpperCase(), urlOf(path), one.body)
        expect([one.what, answer.status], one.path).toEqual([one.what, 400])
        const paths = (answer.body.errors ?? []).map((error: { path: string }) => error.path)
        expect(paths, `${one.path}: ${one.what}`).toContain(one.path)
      }
    },
  )

  it("of half a key, or another key without its secret, are refused", async () => {
    const put = (body: unknown) => call("PUT", "/api/medialive/connection", body)
    const half = await put({ access_key_id: KEYS.accessKeyId })
    expect([half.status, half.body.errors[0].path]).toEqual([400, "secret_access_key"])
    const whole = { access_key_id: KEYS.accessKeyId, secret_access_key: KEYS.secretAccessKey }
    expect((await put(whole)).body.secret_access_key).toBe("***")
    expect((await put({ secret_access_key: "***" })).status).toBe(200)
    const other = await put({ access_key_id: "AKIAOTHER00000000000", secret_access_key: "***" })
    expect([other.status, other.body.errors[0].path]).toEqual([400, "secret_access_key"])
  })
})

it("the connection goes with its keys, and nothing is known any more", async () => {
  expect((await call("DELETE", "/api/medialive/connection")).status).toBe(204)
  expect((await call("GET", "/api/medialive/connection")).body).toMatchObject({
    access_key_id: null,
    secret_access_key: null,
    region_from: "environment",
  })
})

describe("without MEDIALIVE=on", () => {
  it("there are no routes, no links, no metrics, and nothing is said of it in the document", async () => {
    const off = makeTestApp({ medialive: false })
    for (const path of ["/api/medialive", "/medialive", "/settings/medialive"])
      expect([path, (await off.call("GET", path)).status]).toEqual([path, 404])
    for (const path of ["/", "/settings", "/metrics", "/api/openapi.json"]) {
      const text = await (await off.call("GET", path)).text()
      // What to enter in MediaLive stands beside the form of a channel, with or without it.
      expect([
        path,
        /href="\/(?:settings\/)?medialive|distributor_medialive_|\/api\/medialive|"MediaLive/.test(text),
      ]).toEqual([path, false])
    }
    const on = makeTestApp()
    expect(await (await on.call("GET", "/")).text()).toContain('href="/medialive"')
  })
})
