import { afterEach, describe, expect, it } from "vitest"
import type { ConfigAnswer, VersionEntry, VersionView } from "../effects/declarative/Configuration.ts"
import { channel, document, during, exported, put } from "./testing/config-documents.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import type { ProblemBody } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("versions", () => {
  const versions = async (app: RealApp) =>
    (await app.call<{ versions: VersionEntry[] }>("GET", "/api/config/versions")).body.versions
  const rollback = (app: RealApp, version: unknown, query = "") =>
    app.call<ConfigAnswer & ProblemBody>("POST", `/api/config/rollback${query}`, { version })

  it("keep what was applied, and what others changed before", async () => {
    const app = await apps.start()
    await put(app, document(channel(1)))
    await app.call("PUT", "/api/channels/ch-1", { name: "By hand" })
    await put(app, document(channel(1), channel(2)))
    await put(app, document(channel(1), channel(2)))
    expect((await versions(app)).map(({ version, what }) => [version, what])).toEqual([
      [4, "a configuration is applied: 1 channel created, 1 channel updated"],
      [3, "the configuration with what other requests changed since version 2"],
      [2, "a configuration is applied: 1 channel created"],
      [1, "the configuration as it was before the first one was applied"],
    ])
    const [newest] = await versions(app)
    expect(newest?.by).toContain("without a key")
    expect(Number.isNaN(Date.parse(newest?.at ?? ""))).toBe(false)
    const { body } = await app.call<VersionView>("GET", "/api/config/versions/3")
    expect(body.config.channels.map(({ name }) => name)).toEqual(["By hand"])
    expect((await rollback(app, 3)).body.summary).toBe("1 channel updated, 1 channel removed")
    expect((await exported(app)).channels.map(({ name }) => name)).toEqual(["By hand"])
    expect((await versions(app))[0]?.what).toBe(
      "the configuration is rolled back to version 3: 1 channel updated, 1 channel removed",
    )
  })

  it("bring channels back that ran, running", async () => {
    const app = await apps.start()
    await put(app, document(channel(1, { autostart: false }), channel(2, { autostart: false })))
    await app.call("POST", "/api/channels/ch-1/start")
    const before = await exported(app)
    await put(app, document())
    expect((await exported(app)).channels).toEqual([])
    // Whether a channel runs is not configuration: the version before the removal knows the channel, that of the first
    // apply does not.
    const last = (await versions(app))[0]?.version ?? 0
    const dry = await rollback(app, last - 1, "?dry_run=1")
    expect(dry.body).toMatchObject({ dry_run: true, summary: "2 channels created" })
    expect((await exported(app)).channels).toEqual([])
    const commands = await during(app, () => rollback(app, last - 1))
    expect(await exported(app)).toEqual(before)
    expect(commands.filter((command) => command.startsWith("put_channel"))).toEqual(["put_channel ch-1"])
  })

  it("are the last hundred", async () => {
    const app = await apps.start()
    for (let n = 0; n < 102; n++) await put(app, document(channel(1, { name: `Name ${n}` })))
    const kept = await versions(app)
    expect([kept.length, kept[0]?.version, kept.at(-1)?.version]).toEqual([100, 103, 4])
    expect((await app.call("GET", "/api/config/versions/3")).status).toBe(404)
    expect((await app.call("GET", "/api/config/versions/4")).status).toBe(200)
  })

  it.each([[3], [0], ["1"], [1.5]])("there is no %j", async (version) => {
    const app = await apps.start()
    await put(app, document(channel(1)))
    const answer = await rollback(app, version)
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, "version"])
    for (const path of ["3", "0", "x", "1e0", "99999999999999999999"])
      expect((await app.call("GET", `/api/config/versions/${path}`)).status).toBe(404)
  })
})
