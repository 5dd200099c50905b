import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Option } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { VersionEntry } from "../effects/declarative/Configuration.ts"
import { exported, SECRET } from "./testing/config-documents.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("DISTRIBUTOR_CONFIG", () => {
  const text = (name: string) => `version: 1
channels:
  - slug: news
    name: ${name}
    rtp_port: 5000
    autostart: true
    outputs: [{ slug: cdn, url: "srt://192.0.2.1:9000?passphrase=${SECRET}" }]
`
  const begin = async (content: string, dataDir?: string) => {
    const app = dataDir ?? (await apps.start()).dataDir
    const path = join(app, "channels.yaml")
    writeFileSync(path, content)
    return apps.start({ dataDir: app, config: { configFile: Option.some(path) } })
  }
  const name = async (app: RealApp) => (await exported(app)).channels.map((one) => one.name)

  it("is applied at the start; as long as it stays, later changes stay", async () => {
    const first = await begin(text("News"))
    expect(await name(first)).toEqual(["News"])
    expect(first.engine.log()).toContain("put_channel news")
    await first.call("PUT", "/api/channels/news", { name: "By hand" })
    await first.stop()
    const second = await begin(text("News"), first.dataDir)
    expect(await name(second)).toEqual(["By hand"])
    expect(second.logs.join("\n")).toContain("is as it was when it was applied")
    await second.stop()
    const third = await begin(text("News 2"), first.dataDir)
    expect(await name(third)).toEqual(["News 2"])
    const { versions } = (await third.call<{ versions: VersionEntry[] }>("GET", "/api/config/versions")).body
    expect(versions.map(({ what }) => what.replace(/\/\S*\//, ""))).toEqual([
      "channels.yaml is applied at the start: 1 channel updated",
      "the configuration with what other requests changed since version 2",
      "channels.yaml is applied at the start: 1 channel created",
      "the configuration as it was before the first one was applied",
    ])
    expect(third.logs.join("\n")).not.toContain(SECRET)
  })

  it.each([
    ["nonsense", `a: [${SECRET}`, "channels.yaml: document: is not valid YAML at line 1"],
    [
      "a wrong port",
      text("News").replace("5000", "70000"),
      "channels.yaml: channels[0].rtp_port: must be a whole number from 1 to 65535 or null, got 70000",
    ],
    ["a bad URL", text("News").replace("srt:", "gopher:"), "channels.yaml: channels[0].outputs[0].url: "],
    [
      "a conflict",
      text("News").replace("srt://192.0.2.1:9000", "srt://:5000"),
      "channels.yaml: channels[0].outputs[0].url: UDP port 5000 is already used",
    ],
    ["nothing", "", "channels.yaml: document: must be an object"],
  ])("that holds %s ends the start with the place", async (_, content, reason) => {
    const first = await begin(text("Before"))
    await first.stop()
    const refusal = await begin(content, first.dataDir).then(
      () => "started",
      (error: unknown) => String(error),
    )
    expect(refusal).toContain("DISTRIBUTOR_CONFIG: /")
    expect(refusal).toContain(reason)
    expect(refusal).not.toContain(SECRET)
    expect(await name(await apps.start({ dataDir: first.dataDir }))).toEqual(["Before"])
  })

  it("row 39: that holds secrets and is open to everyone is applied with a warning that says what to do", async () => {
    const { dataDir } = await apps.start()
    const path = join(dataDir, "channels.yaml")
    const begun = async (mode: number, content: string) => {
      writeFileSync(path, content)
      chmodSync(path, mode)
      const app = await apps.start({ dataDir, config: { configFile: Option.some(path) } })
      await app.stop()
      return app.logs.join("\n")
    }
    expect(await begun(0o644, text("News"))).toContain(
      `holds secrets, and everyone on this machine may read it: chmod 640 ${path}`,
    )
    expect(await begun(0o640, text("News 2"))).not.toContain("may read it")
    expect(await begun(0o644, text("News 3").replace(`?passphrase=${SECRET}`, ""))).not.toContain("may read it")
  })

  it("that is not there ends the start", async () => {
    const missing = apps.start({ config: { configFile: Option.some("/nonexistent/channels.yaml") } })
    await expect(missing).rejects.toThrow("DISTRIBUTOR_CONFIG: /nonexistent/channels.yaml: there is no such file")
  })
})
