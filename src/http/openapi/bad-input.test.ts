/**
 * Bad input made from the document, against the real control plane with its store in a file: never a 500, never a
 * changed configuration, always a problem that names the place.
 */
import fc from "fast-check"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import type { ProblemBody } from "../testing/test-app.ts"
import { NAMED } from "./components.ts"
import { OPERATIONS, openApiDocument } from "./document.ts"
import { isObject, type Json, type JsonObject } from "./json-schema.ts"
import type { Operation } from "./operations/operation.ts"
import { makeBadBodies } from "./testing/bad-bodies.ts"
import { badValues, notJson, ODD_YAML, TEXTS } from "./testing/bad-values.ts"
import { chosen } from "./testing/chosen-cases.ts"
import { type ControlPlane, makeControlPlane } from "./testing/control-plane.ts"

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const document = openApiDocument()
const schemas = objectOf(objectOf(document["components"])["schemas"])
const { badBodies, places } = makeBadBodies(schemas)
const schemaOf = (name: string) => objectOf(schemas[name])

/** Those of MediaLive, which has a service of its own, are tried in `medialive-api.test.ts`. */
const WITH_BODY = OPERATIONS.flatMap((operation) =>
  operation.body === undefined || operation.tag === "MediaLive" ? [] : [{ ...operation, body: operation.body }],
)

const title = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`
const exampleOf = (body: string): Json => NAMED[body]?.examples?.[0] ?? {}

let real: ControlPlane
let ids = { channel: "", output: "", destination: "" }
/** The configuration with its secrets, byte for byte, and the store's version that it was read at. */
let before = ""
let readAt: unknown = null

const send = async (
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) =>
  real.app.request(path, {
    method: method.toUpperCase(),
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    ...(body === undefined ? {} : { body }),
  })
const urlOf = ({ path }: Operation) =>
  path
    .replace("{name}", "ada")
    .replace("{node}", "node-a")
    .replace("{template}", "cdn-main")
    .replace("{id}", path.startsWith("/api/notifications/") ? ids.destination : ids.channel)
    .replace("{output_id}", ids.output)
    .replace("{leg}", "primary")
    .replace("{version}", "1")
    .replace("{file}", "index.m3u8")
const state = async () => (await send("get", "/api/config?secrets=1")).text()

const remember = async () => {
  before = await state()
  readAt = real.written()
}
/** The configuration is as it was; compared whole where anything has been written since. */
const unchanged = async (what: string) => {
  if (real.written() !== readAt) expect(await state(), what).toBe(before)
}

/** Nobody is told anything by tests. */
const DESTINATION = { name: "Nobody", kind: "webhook", url: "http://127.0.0.1:9/", enabled: false }

/** Nothing has been written to it since it began. */
let untouched: { readonly plane: ControlPlane; readonly ids: typeof ids; readonly writtenAt: unknown } | undefined

const begin = async () => {
  real = await makeControlPlane()
  await send("post", "/api/users", JSON.stringify({ name: "ada", password: "correct horse battery", role: "admin" }))
  await send("post", "/api/templates", JSON.stringify({ name: "cdn-main", url: "srt://{channel}.example.com:9000" }))
  const channel = {
    name: "Main event",
    rtp_ip: "127.0.0.1",
    rtp_port: 7000,
    backup_rtp_ip: "127.0.0.1",
    backup_rtp_port: 7002,
    input: { manual_cues: true, scte35_pid: 500 },
    outputs: [{ name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef" }],
  }
  const created = await send("post", "/api/channels", JSON.stringify(channel))
  const { id, outputs } = (await created.json()) as { id: string; outputs: ReadonlyArray<{ id: string }> }
  const destination = await send("post", "/api/notifications/destinations", JSON.stringify(DESTINATION))
  ids = { channel: id, output: outputs[0]?.id ?? "", destination: ((await destination.json()) as { id: string }).id }
  await send("post", `/api/channels/${id}/start`)
  await real.receive(id)
  return { plane: real, ids, writtenAt: real.written() }
}

/** A service in which nothing has been written: some of what is taken replaces the whole configuration. */
const withService = () => {
  let begun: typeof untouched
  beforeAll(async () => {
    begun = untouched ?? (await begin())
    real = begun.plane
    ids = begun.ids
  })
  beforeEach(async () => {
    await remember()
  })
  // Whatever is not in the store is looked at once for each test.
  afterEach(async () => {
    expect(await state()).toBe(before)
  })
  afterAll(async () => {
    expect(real.failures).toEqual([])
    untouched = real.written() === begun?.writtenAt ? begun : undefined
    if (untouched === undefined) await real.close()
  })
}
afterAll(() => untouched?.plane.close())

const problemOf = async (response: Response, what: string): Promise<ProblemBody> => {
  expect(response.headers.get("content-type"), what).toBe("application/problem+json")
  const problem = (await response.json()) as ProblemBody
  expect(problem.status, what).toBe(response.status)
  return problem
}
/** Refused, with nothing changed; returns the places that are named. */
const refused = async (response: Response, what: string): Promise<ReadonlyArray<string>> => {
  const problem = await problemOf(response, what)
  expect(response.status, `${what}: ${problem.detail}`).toBeGreaterThanOrEqual(400)
  expect(response.status, `${what}: ${problem.detail}`).toBeLessThan(500)
  await unchanged(what)
  const paths = (problem.errors ?? []).map(({ path }) => path)
  expect(paths, `${what}: ${problem.detail}`).not.toEqual([])
  return paths
}
/** Taken or refused; when refused, with nothing changed. */
const neverFails = async (response: Response, what: string): Promise<void> => {
  expect(response.status, what).not.toBe(500)
  if (response.status < 400) await remember()
  // The engine of this test tests no destinations.
  else if (response.status === 503) await problemOf(response, what)
  else await refused(response, what)
}

/** Made once: it takes longer to make than to use. */
const ANY_JSON = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" })

const SIZE = 10_000_000
const BIG = [`{"name":"${"x".repeat(SIZE)}"}`, " ".repeat(SIZE), `[${"1,".repeat(SIZE / 2)}1]`]

describe.each(WITH_BODY.map((operation) => [title(operation), operation] as const))("%s", (_title, operation) => {
  withService()
  const { body, method } = operation
  const cases = chosen(badBodies(schemaOf(body)))
  const texts = chosen(
    places(schemaOf(body)).flatMap((place) => TEXTS.map((text) => ({ ...place, text, what: JSON.stringify(text) }))),
  )
  const post = (value: Json) => send(method, urlOf(operation), JSON.stringify(value))

  it(`names the place of each of ${cases.length} mistakes`, async () => {
    for (const { body, path, what } of cases) {
      const paths = await refused(await post(body), `${path}: ${what}`)
      expect(paths, `${path}: ${what}`).toContain(path)
    }
  })

  it("takes texts of all kinds, or refuses them with their place", async () => {
    for (const { path, put, text, what } of texts) await neverFails(await post(put(text)), `${path}: ${what}`)
  })

  it("refuses what is no JSON object in UTF-8", async () => {
    const url = urlOf(operation)
    const example = JSON.stringify(exampleOf(body))
    for (const bytes of notJson(example)) await refused(await send(method, url, bytes), String(bytes).slice(0, 60))
    // YAML is taken in one place, and its own parser answers for it.
    const types = [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; charset=latin1",
      "x",
    ]
    for (const type of types) {
      expect(await refused(await send(method, url, example, { "Content-Type": type }), type)).toEqual(["Content-Type"])
    }
    expect(await refused(await send(method, url, example, { "Content-Encoding": "gzip" }), "gzip")).toEqual([
      "Content-Encoding",
    ])
  })

  it("refuses 10 MB", async () => {
    const big = BIG[WITH_BODY.indexOf(operation) % BIG.length] ?? ""
    const response = await send(method, urlOf(operation), big)
    expect(response.status).toBe(413)
    expect(await refused(response, big.slice(0, 20))).toEqual(["body"])
  })

  it.runIf(operation.yaml === true)("names the same places in YAML, and survives what only YAML has", async () => {
    const yaml = (text: string) => send(method, urlOf(operation), text, { "Content-Type": "application/yaml" })
    // What is wrong has been tried as JSON: one mistake for each place.
    for (const { body, path, what } of new Map(cases.map((one) => [one.path, one])).values()) {
      const paths = await refused(await yaml(JSON.stringify(body)), `${path}: ${what}`)
      expect(paths, `${path}: ${what}`).toContain(path)
    }
    for (const text of ODD_YAML) {
      await refused(await yaml(text), text.slice(0, 60))
    }
    await refused(await yaml(`${"- ".repeat(10_000)}x`), "10 000 deep")
    expect((await yaml(`a: ${"x".repeat(SIZE)}`)).status).toBe(413)
  })

  it("survives any JSON in any place", async () => {
    const anywhere = fc.constantFrom(...places(schemaOf(body)))
    await fc.assert(
      fc.asyncProperty(anywhere, ANY_JSON, async ({ path, put }, json) => {
        await neverFails(await post(put(json as Json)), `${path}: ${JSON.stringify(json)?.slice(0, 200)}`)
      }),
      { numRuns: propertyRuns(24) },
    )
  })
})

describe("parameters", () => {
  withService()
  const withQuery = OPERATIONS.filter(({ query, tag }) => query !== undefined && tag !== "MediaLive")

  it.each(withQuery.map((operation) => [title(operation), operation] as const))(
    "of %s are named when they are wrong",
    async (_title, operation) => {
      const body = operation.body === undefined ? undefined : JSON.stringify(exampleOf(operation.body))
      const ask = (query: string) => send(operation.method, `${urlOf(operation)}?${query}`, body)
      for (const { name, schema } of operation.query ?? []) {
        const bad = badValues(schema)
        expect(bad.length, name).toBeGreaterThan(0)
        for (const value of bad) {
          const paths = await refused(
            await ask(`${name}=${encodeURIComponent(value)}`),
            `${name}=${value.slice(0, 60)}`,
          )
          expect(paths).toContain(name)
        }
      }
      expect(await refused(await ask("no_such_parameter=1"), "unknown")).toContain("no_such_parameter")
    },
  )

  it.each(
    OPERATIONS.filter(({ path }) => path.includes("{")).map((operation) => [title(operation), operation] as const),
  )("in the path of %s may be anything: 404", async (_title, operation) => {
    const { body, method, path } = operation
    const odd = [
      "nothing",
      "%00",
      "%ff",
      "..%2f..%2fetc",
      "%E2%80%AE",
      "x".repeat(5000),
      "-1",
      "99999999999999999999",
      "__proto__",
      "'%20OR%201=1",
    ]
    const text = body === undefined ? undefined : JSON.stringify(exampleOf(body))
    for (const ref of odd) {
      const response = await send(method, path.replaceAll(/\{\w+\}/g, ref), text)
      const problem = await problemOf(response, `${path}: ${ref.slice(0, 40)}`)
      expect([ref.slice(0, 40), problem.status]).toEqual([ref.slice(0, 40), 404])
      expect(problem.detail.length).toBeLessThan(600)
      await unchanged(ref)
    }
  })

  it.each(
    OPERATIONS.filter(({ conditional, idempotent }) => conditional || idempotent).map(
      (operation) => [title(operation), operation] as const,
    ),
  )("in headers of %s are named when they are wrong", async (_title, operation) => {
    const { body, conditional, method } = operation
    const text = body === undefined ? undefined : JSON.stringify(exampleOf(body))
    const [header, values] =
      conditional === true
        ? (["If-Match", ["x", '"', '"a" "b"', '"other"']] as const)
        : (["Idempotency-Key", ["", "a b", "x".repeat(256)]] as const)
    for (const value of values) {
      expect(
        await refused(await send(method, urlOf(operation), text, { [header]: value }), `${header}: ${value}`),
      ).toEqual([header])
    }
  })
})
