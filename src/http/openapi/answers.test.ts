/** What the real control plane answers is what the document says, field for field. */
import { Schema } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { NAMED } from "./components.ts"
import { OPERATIONS, openApiDocument } from "./document.ts"
import { isObject, type Json } from "./json-schema.ts"
import type { Operation } from "./operations/operation.ts"
import { type ControlPlane, makeControlPlane } from "./testing/control-plane.ts"

/** Answers of files, of the socket, and what would take the channel away from the others. */
const LEFT_OUT = new Set([
  "watchChannels",
  // The engine of these tests captures nothing: see test/e2e/captures.test.ts.
  "captureSource",
  "captureOutput",
  "getHlsOfChannel",
  "getHlsOfOutput",
  "deleteChannel",
  "deleteOutput",
  "deleteInput",
  "deleteOutputOfInput",
  "deleteUser",
  "deleteKey",
  "deleteDestination",
  "deleteMute",
  "acknowledgeNotice",
  "deleteTemplate",
  "deleteSchedule",
  "revokePartnerLink",
  // Needs an engine of before an upgrade: engines.test.ts.
  "replaceEngine",
  // Need an engine that has crashed: crashes.test.ts.
  "getCrash",
  "releaseChannel",
])
const paths = openApiDocument()["paths"]
const NEW = {
  name: "Main event",
  rtp_ip: "127.0.0.1",
  rtp_port: 7000,
  backup_rtp_ip: "127.0.0.1",
  backup_rtp_port: 7002,
  input: { manual_cues: true, scte35_pid: 500 },
  outputs: [{ name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef&colour=red" }],
}

let real: ControlPlane
let destination = ""
const send = async (method: string, path: string, body?: Json) =>
  real.app.request(path, {
    method: method.toUpperCase(),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

beforeAll(async () => {
  real = await makeControlPlane()
  await send("post", "/api/users", { name: "ada", password: "correct horse battery", role: "admin" })
  const created = await send("post", "/api/notifications/destinations", {
    name: "Nobody",
    kind: "webhook",
    url: "http://127.0.0.1:9/",
  })
  destination = ((await created.json()) as { id: string }).id
})
beforeEach(async () => {
  await send("post", "/api/templates", {
    name: "cdn-main",
    url: "srt://{channel}.example.com:9000?passphrase=0123456789abcdef",
  })
})
afterAll(async () => {
  expect(real.failures).toEqual([])
  await real.close()
})

/** A running channel with an output, an event, and a cue on its way; the only one there is. */
const place = async (operation: Operation): Promise<{ readonly url: string; readonly version: number }> => {
  const cleared = await send("put", "/api/config", { version: 1, channels: [] })
  expect(cleared.status).toBe(200)
  const { id, outputs } = (await (await send("post", "/api/channels", NEW)).json()) as {
    id: string
    outputs: ReadonlyArray<{ id: string }>
  }
  await send("post", `/api/channels/${id}/start`)
  await real.receive(id)
  const { version } = (await (
    await send("put", "/api/config", { version: 1, channels: [{ ...NEW, slug: "main-event", outputs: [] }] })
  ).json()) as {
    version: number
  }
  await send("post", "/api/config/rollback", { version: version - 1 })
  if (operation.id === "createTemplate") await send("delete", "/api/templates/cdn-main")
  const shown = (await (await send("get", "/api/channels")).json()) as {
    channels: ReadonlyArray<{ id: string; outputs: ReadonlyArray<{ id: string }> }>
  }
  const channel = shown.channels[0]
  await send("put", `/api/channels/${channel?.id}/schedule`, NAMED["ScheduleInput"]?.examples?.[0])
  expect(outputs).toHaveLength(1)
  const listed = await send("get", `/api/config/changes?limit=1&channel=${channel?.id}`)
  const { changes } = (await listed.json()) as { changes: ReadonlyArray<{ id: number }> }
  await real.receive(channel?.id ?? "")
  const url = operation.path
    .replace("{id}", operation.path.startsWith("/api/notifications/") ? destination : (channel?.id ?? ""))
    .replace("{output_id}", channel?.outputs[0]?.id ?? "")
    .replace("{name}", "ada")
    .replace("{node}", "node-a")
    .replace("{template}", "cdn-main")
    .replace("{version}", String(version))
    .replace("{change}", String(changes[0]?.id))
  return { url, version }
}

const describedAnswers = (operation: Operation) => {
  const methods = isObject(paths) ? paths[operation.path] : undefined
  const found = isObject(methods) ? methods[operation.method] : undefined
  return isObject(found) && isObject(found["responses"]) ? found["responses"] : {}
}

describe("answers", () => {
  it.each(
    OPERATIONS.filter(({ id, tag }) => !LEFT_OUT.has(id) && tag !== "MediaLive").map(
      (operation) => [operation.id, operation] as const,
    ),
  )("of %s are as described", async (_id, operation) => {
    const examples = operation.body === undefined ? [undefined] : (NAMED[operation.body]?.examples ?? [])
    const statuses: number[] = []
    for (const example of examples) {
      const { url, version } = await place(operation)
      const response = await send(operation.method, url, operation.id === "rollBack" ? { version } : example)
      statuses.push(response.status)
      const what = `${operation.id} ${response.status} ${JSON.stringify(example)}`
      const described = describedAnswers(operation)[String(response.status)]
      const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? ""
      expect(isObject(described), what).toBe(true)
      if (isObject(described) && type !== "")
        expect(isObject(described["content"]) && described["content"], what).toHaveProperty([type])
      const name = operation.answers[response.status]?.schema
      const schema =
        type === "application/problem+json"
          ? NAMED["Problem"]?.schema
          : name === undefined
            ? undefined
            : NAMED[name]?.schema
      const text = await response.text()
      if (schema !== undefined && type.endsWith("json")) {
        Schema.decodeUnknownSync(schema, { onExcessProperty: "error", errors: "all" })(JSON.parse(text))
      }
      for (const header of operation.answers[response.status]?.headers ?? []) {
        if (header !== "Idempotency-Replayed") expect(response.headers.has(header), `${what}: ${header}`).toBe(true)
      }
    }
    // The engine of this test tests no destinations.
    const expected = /^test/.test(operation.id) ? 503 : Number(Object.keys(operation.answers)[0])
    expect(statuses).toContain(expected)
  })
})
