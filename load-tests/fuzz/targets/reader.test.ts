import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { seededRandom } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { decodeRequest, encodeRequest } from "./asked.ts"
import { config } from "./config.ts"
import { http, WITH_BODY } from "./http.ts"
import { BodyReader } from "./reader.ts"
import { SMALL } from "./small-config.ts"

const JSON_TYPE = "application/json"
const asked = (method: string, path: string, body: string, type = JSON_TYPE) => ({
  method,
  path,
  type,
  body: Buffer.from(body),
  onlyRead: true,
})

describe("what is damaged", () => {
  it.each([
    [JSON_TYPE, JSON.stringify(SMALL)],
    ["application/yaml", stringify(SMALL)],
  ])("is a sound configuration, in %s", async (type, body) => {
    const reader = await BodyReader.open(SMALL)
    expect(await reader.read(asked("PUT", "/api/config?dry_run=1", body, type))).toBe(200)
    expect(await reader.read(asked("PUT", "/api/config?dry_run=1", `${body}}`, type))).toBe(400)
  })

  it.each(WITH_BODY.map(({ example, method, path }) => [`${method} ${path}`, { example, method, path }] as const))(
    "is a sound body of %s",
    async (_, { example, method, path }) => {
      const reader = await BodyReader.open(SMALL)
      expect(await reader.read(asked(method, path, JSON.stringify(example)))).toBe(200)
    },
  )
})

describe.each([http, config])("cases of $name", ({ open }) => {
  it("are read, and some of them are taken", async () => {
    const [run, reader] = [await open(), await BodyReader.open(SMALL)]
    const random = seededRandom(11)
    const statuses = new Map<number, number>()
    for (let left = 400; left > 0; left--) {
      const request = decodeRequest(run.make(random))
      if (!request.onlyRead) continue
      const status = await reader.read(request)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    await run.close?.()
    for (const status of [200, 400]) expect(statuses.get(status), `${status}`).toBeGreaterThan(20)
  })
})

it("a request is the same when it was stored", () => {
  for (const onlyRead of [true, false]) {
    const request = { ...asked("PUT", "/api/channels/{id}", "{}\n\n\u0000"), onlyRead }
    expect(decodeRequest(encodeRequest(request))).toEqual(request)
  }
})
