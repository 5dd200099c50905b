import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { PRESETS } from "../core/output/presets.ts"
import { ALARM_KINDS, EVENT_KINDS } from "../effects/model/event.ts"
import { makeTestApp } from "./testing/test-app.ts"

const docs = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8")
const documented = [...docs.matchAll(/^\| `([A-Z]+) (\/\S*)`\s*\|/gm)].map(([, method, path]) => `${method} ${path}`)

describe("docs/api.md", () => {
  it("lists exactly the requests that programs may send", () => {
    const { app } = makeTestApp()
    const served = app.routes
      .filter(
        ({ method, path }) =>
          /^(GET|POST|PUT|PATCH|DELETE)$/.test(method) && /^\/(api|metrics|livez|readyz)/.test(path),
      )
      .map(
        ({ method, path }) =>
          `${method} ${path.replace(":id", "{id}").replace(":name", "{name}").replace(":output", "{output_id}").replace(":version", "{n}").replace(":change", "{n}").replace(":template", "{name}").replace(":key", "{key}").replace(":node", "{node}").replace(":crash", "{crash}").replace(":engine", "{engine}").replace(":link", "{link}").replace(":leg", "{leg}")}`,
      )
    expect(new Set(documented)).toEqual(new Set([...served, "GET /ws"]))
  })

  it("names every kind of event and alarm", () => {
    const named = new Set([...docs.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name))
    expect([...EVENT_KINDS, ...ALARM_KINDS].filter((kind) => !named.has(kind))).toEqual([])
  })

  it("has every preset with its URL and limits", () => {
    const rows = new Map(
      docs
        .split("\n")
        .flatMap((line) => (/^\| `([a-z_]+)` .*\| every \d+ s/.test(line) ? [[line.split("`")[1], line]] : [])),
    )
    expect([...rows.keys()]).toEqual(PRESETS.map(({ name }) => name))
    for (const { limits, name, title, url } of PRESETS) {
      const row = rows.get(name)
      expect(row).toContain(`| ${title} `)
      expect(row).toContain(url ?? "asked for")
      expect(row).toContain(`every ${limits.max_keyframe_interval_s} s`)
      if (limits.max_video_bitrate !== null) expect(row).toContain(`${limits.max_video_bitrate / 1e6} Mbit/s`)
      if (limits.max_audio_bitrate !== null) expect(row).toContain(`${limits.max_audio_bitrate / 1e3} kbit/s`)
    }
  })

  it("has examples that work as written, in this order", async () => {
    const { call } = makeTestApp()
    const script = docs.match(/```sh\n(.*?)```/s)?.[1] ?? ""
    const commands = script
      .replaceAll("\\\n", " ")
      .split(/^(?=curl )/m)
      .slice(1)
    expect(commands.length).toBe(13)
    for (const command of commands) {
      const method = command.match(/-X (\w+)/)?.[1] ?? "GET"
      const path = command.match(/http:\/\/127\.0\.0\.1:8000(\S+)/)?.[1] ?? ""
      const response = await call(method, path, command.match(/-d '([^']*)'/)?.[1])
      expect(response.status, command).toBeLessThan(300)
    }
  })
})
