import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { ALARM_KINDS, EVENT_KINDS } from "../effects/model.ts"
import { makeTestApp } from "./testing/test-app.ts"

const docs = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8")
const documented = [...docs.matchAll(/^\| `([A-Z]+) (\/\S*)`\s*\|/gm)].map(([, method, path]) => `${method} ${path}`)

describe("docs/api.md", () => {
  it("lists exactly the requests that programs may send", () => {
    const { app } = makeTestApp()
    const served = app.routes
      .filter(({ method, path }) => /^(GET|POST|PUT|DELETE)$/.test(method) && /^\/(api|metrics|livez|readyz)/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(":id", "{id}").replace(":output", "{output_id}")}`)
    expect(new Set(documented)).toEqual(new Set([...served, "GET /ws"]))
  })

  it("names every kind of event and alarm", () => {
    const named = new Set([...docs.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name))
    expect([...EVENT_KINDS, ...ALARM_KINDS].filter((kind) => !named.has(kind))).toEqual([])
  })

  it("has examples that work as written, in this order", async () => {
    const { call } = makeTestApp()
    const script = docs.match(/```sh\n(.*?)```/s)?.[1] ?? ""
    const commands = script
      .replaceAll("\\\n", " ")
      .split(/^(?=curl )/m)
      .slice(1)
    expect(commands.length).toBe(8)
    for (const command of commands) {
      const method = command.match(/-X (\w+)/)?.[1] ?? "GET"
      const path = command.match(/http:\/\/127\.0\.0\.1:8000(\S+)/)?.[1] ?? ""
      const response = await call(method, path, command.match(/-d '([^']*)'/)?.[1])
      expect(response.status, command).toBeLessThan(300)
    }
  })
})
