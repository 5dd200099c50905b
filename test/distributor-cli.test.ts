// scripts/distributor.mjs, run by Node against the real control plane behind a real HTTP server.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getRequestListener } from "@hono/node-server"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { makeRealApps, type RealApp } from "../src/http/testing/real-app.ts"
import { withKey } from "../src/http/testing/test-app.ts"
import { unzip } from "../src/http/testing/unzip.ts"
import { selfSigned } from "./e2e/certificates.ts"
import { closedPort, runCli } from "./run-cli.ts"

const KEY = "the-key-of-it"
const SECRET = "s3cr3t-key"

const apps = makeRealApps()
let app: RealApp
let url: string
let directory: string
/** Answered instead of the app's, when it is set. */
let instead: { status: number; text: string } | null = null
const server = createServer((request, response) => {
  if (instead === null)
    return void getRequestListener(app.app.fetch, { overrideGlobalObjects: false })(request, response)
  response.writeHead(instead.status).end(instead.text)
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  directory = mkdtempSync(join(tmpdir(), "distributor-cli-"))
})
beforeEach(async () => {
  instead = null
  await apps.stopAll()
  app = await apps.start({ settings: withKey(KEY) })
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await apps.stopAll()
  rmSync(directory, { recursive: true, force: true })
})

const run = (
  words: ReadonlyArray<string>,
  env: Record<string, string> = { DISTRIBUTOR_URL: url, API_KEY: KEY },
  input = "",
  cwd = directory,
) => runCli(words, env, input, cwd)
const file = (name: string, text: string) => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}
/** A new folder with one file. */
const folderWith = (name: string, text: string) => {
  const folder = mkdtempSync(join(directory, "folder-"))
  writeFileSync(join(folder, name), text)
  return folder
}
const yaml = (over = "") => `version: 1
channels:
  - slug: news
    name: News
    rtp_port: 5000
    outputs:
      - { slug: cdn, url: "srt://192.0.2.1:9000?passphrase=${SECRET}" }
${over}`

describe("distributor", () => {
  it("shows what would change, applies it, and then nothing differs", async () => {
    const path = file("channels.yaml", yaml())
    const first = await run(["diff", path])
    expect(first).toEqual({
      code: 2,
      err: "",
      out: "+ channel news (News)\n  + output cdn srt://192.0.2.1:9000?passphrase=***\n1 channel created\n",
    })
    expect(await run(["apply", path, "--dry-run"])).toMatchObject({ code: 0, out: first.out })
    expect(await run(["apply", path])).toMatchObject({ code: 0, out: `${first.out}version 2\n` })
    expect(await run(["diff", path])).toEqual({ code: 0, out: "nothing changes\n", err: "" })
    expect(await run(["apply", path])).toMatchObject({ code: 0, out: "nothing changes\n" })
    const other = file(
      "other.yaml",
      yaml("      - { slug: udp, url: 'udp://192.0.2.1:9000' }").replace(SECRET, `${SECRET}-2`).replace("5000", "5002"),
    )
    expect((await run(["diff", other])).out).toBe(
      [
        "~ channel news (News)",
        "    rtp_port: 5000 -> 5002",
        "  ~ output cdn srt://192.0.2.1:9000?passphrase=*** (begins anew)",
        "      url: srt://192.0.2.1:9000?passphrase=*** (its secret changes)",
        "  + output udp udp://192.0.2.1:9000",
        "1 channel updated, 1 output created, 1 output updated",
        "",
      ].join("\n"),
    )
  })

  it("takes JSON, and standard input", async () => {
    const document = JSON.stringify({ version: 1, channels: [{ slug: "a", name: "A", rtp_port: 5000 }] })
    expect((await run(["apply", file("a.json", document)])).out).toContain("1 channel created")
    expect((await run(["diff", "-"], undefined, document)).code).toBe(0)
  })

  it("exports without secrets, and backs up with them for the owner's eyes", async () => {
    await run(["apply", file("channels.yaml", yaml())])
    const shown = await run(["export"])
    expect(shown.out).toContain("passphrase=***")
    const exported = join(directory, "export.json")
    expect((await run(["export", exported])).code).toBe(0)
    expect(JSON.parse(readFileSync(exported, "utf8")).channels[0].slug).toBe("news")
    const backup = file("backup.yaml", "old")
    expect(await run(["backup", backup])).toEqual({ code: 0, out: "", err: "" })
    expect(readFileSync(backup, "utf8")).toContain(SECRET)
    expect(statSync(backup).mode & 0o777).toBe(0o600)

    await run(["apply", file("empty.yaml", "version: 1\nchannels: []")])
    expect((await run(["restore", exported])).err).toContain("channels[0].outputs[0].url: is masked (***)")
    const restored = await run(["restore", backup])
    expect([restored.code, restored.out]).toEqual([0, expect.stringContaining("1 channel created")])
    expect((await run(["export"])).out).toBe(shown.out)
  })

  it("lists versions and goes back to one", async () => {
    await run(["apply", file("channels.yaml", yaml())])
    await run(["apply", file("empty.yaml", "version: 1\nchannels: []")])
    const { out } = await run(["versions"])
    expect(out).toMatch(
      /^3 {2}\S+ {2}127\.0\.0\.1 \(with the API key\)\n {4}a configuration is applied: 1 channel removed\n2 /,
    )
    expect((await run(["rollback", "2"])).out).toContain("1 channel created\nversion 4\n")
    expect(await run(["rollback", "99"])).toMatchObject({ code: 1, err: expect.stringContaining("version: is 99") })
  })

  it("is a doctor: what the machine lacks, what that costs and what to do", async () => {
    const health = JSON.parse(await (await fetch(`${url}/api/health`, { headers: { "X-API-Key": KEY } })).text())
    const { code, out } = await run(["doctor"])
    for (const { found } of health.machine) expect(out).toContain(found.replace(/\d.*$/, ""))
    expect(code).toBe(health.problems.length > 0 || /^warning/m.test(out) ? 2 : 0)
    const check = {
      id: "time",
      state: "warning",
      found: "The clock is off.",
      cost: "Times are wrong.",
      remedy: "chrony.",
    }
    const fine = { ...check, state: "ok", found: "All is well.", cost: "", remedy: "" }
    instead = { status: 200, text: JSON.stringify({ problems: [], machine: [fine, check] }) }
    expect(await run(["doctor"])).toEqual({
      code: 2,
      out: "ok       All is well.\nwarning  The clock is off.\n         Times are wrong.\n         Remedy: chrony.\n",
      err: "",
    })
    const ofBefore = { problems: [], machine: [fine], engines: [{ number: 2, outdated: true }] }
    instead = { status: 200, text: JSON.stringify(ofBefore) }
    expect(await run(["doctor"])).toMatchObject({ code: 2, out: expect.stringContaining("replace-engine 2,") })
    instead = { status: 200, text: JSON.stringify({ problems: [], machine: [fine] }) }
    expect((await run(["doctor"])).code).toBe(0)
  })

  it("has an engine replaced, and says why not", async () => {
    expect((await run(["replace-engine"])).err).toContain("there is nothing to replace")
    instead = { status: 200, text: JSON.stringify({ number: 2, pid: 4711 }) }
    expect((await run(["replace-engine", "2"])).out).toBe("engine 2 is replaced: its process is 4711\n")
  })

  it("writes the support bundle for its owner's eyes, whole and without a secret", async () => {
    const bundle = join(directory, "support.zip")
    expect((await run(["support", bundle])).code).toBe(0)
    expect(statSync(bundle).mode & 0o777).toBe(0o600)
    const files = unzip(readFileSync(bundle))
    expect([...files.keys()].map((name) => name.replace(/^[^/]+\//, ""))).toEqual(
      expect.arrayContaining(["README.txt", "versions.json", "configuration.json", "log/service.ndjson"]),
    )
    for (const text of files.values()) expect(text).not.toContain(KEY)
    const refused = await run(["support", bundle], { DISTRIBUTOR_URL: url, API_KEY: "wrong" })
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("API key")])
  })

  it("is a health check, without a key", async () => {
    expect(await run(["health"], { DISTRIBUTOR_URL: url })).toMatchObject({
      code: 0,
      out: expect.stringContaining('"ready"'),
    })
    expect(await run(["health", "--url", url], {})).toMatchObject({ code: 0 })
    instead = { status: 503, text: '{"status":"not ready"}' }
    expect(await run(["health", `--url=${url}`], {})).toEqual({ code: 1, out: '{"status":"not ready"}\n', err: "" })
    const nobody = await run(["health"], { PORT: String(await closedPort()) })
    expect([nobody.code, nobody.err]).toEqual([
      1,
      expect.stringMatching(/^distributor: http:..127\.0\.0\.1:\d+ does not answer: ECONNREFUSED\n$/),
    ])
  })

  it("takes port and key from the .env of the working directory, as the service does, and what the environment has before it", async () => {
    const port = new URL(url).port
    const folder = folderWith(
      ".env",
      `# settings\nHOST=127.0.0.1\nexport PORT=${port}  # of the pages\nAPI_KEY="${KEY}"\n`,
    )
    expect(await run(["versions"], {}, "", folder)).toMatchObject({ code: 0, err: "" })
    expect(await run(["versions"], { API_KEY: "another" }, "", folder)).toMatchObject({
      code: 1,
      err: expect.stringContaining("API key"),
    })
    writeFileSync(join(folder, ".env.local"), "API_KEY=another\n")
    expect(await run(["versions"], {}, "", folder)).toMatchObject({ code: 1 })
    expect(await run(["versions"], { NODE_ENV: "test" }, "", folder)).toMatchObject({ code: 0 })
  })

  it("takes the key that the first start of a container left, unless there is another", async () => {
    const FIRST_KEY_FILE = file("first.key", `${KEY}\n`)
    expect(await run(["versions"], { DISTRIBUTOR_URL: url, FIRST_KEY_FILE })).toMatchObject({ code: 0 })
    expect(await run(["versions"], { DISTRIBUTOR_URL: url, FIRST_KEY_FILE, API_KEY: "another" })).toMatchObject({
      code: 1,
    })
    expect(await run(["health"], { DISTRIBUTOR_URL: url, FIRST_KEY_FILE: "/nonexistent/first.key" })).toMatchObject({
      code: 0,
    })
  })

  it("speaks HTTPS to this machine where the service does, whatever name its certificate has", async () => {
    const pair = selfSigned()
    const secure = createTlsServer(pair, getRequestListener(app.app.fetch, { overrideGlobalObjects: false }))
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve))
    const port = String((secure.address() as AddressInfo).port)
    const settings = { PORT: port, TLS_CERT: "tls.crt", TLS_KEY: "tls.key", API_KEY: KEY }
    try {
      expect(await run(["health"], settings)).toMatchObject({ code: 0, out: expect.stringContaining('"ready"') })
      const path = file("channels.yaml", yaml())
      expect(await run(["apply", path], settings)).toMatchObject({
        code: 0,
        out: expect.stringContaining("1 channel created"),
      })
      // Another machine is held to its certificate.
      expect(await run(["health", `--url=https://127.0.0.1:${port}`], settings)).toMatchObject({ code: 1, out: "" })
    } finally {
      secure.close()
      secure.closeAllConnections()
    }
    const nobody = await run(["health"], { ...settings, PORT: String(await closedPort()) })
    expect(nobody.err).toMatch(/^distributor: https:..127\.0\.0\.1:\d+ does not answer: ECONNREFUSED\n$/)
  })

  it("warns when git would take the backup in", async () => {
    const checkout = folderWith(".gitignore", "*backup*.yaml\n")
    execFileSync("git", ["init", "--quiet", checkout])
    const env = { DISTRIBUTOR_URL: url, API_KEY: KEY }
    expect(await run(["backup", "backup.yaml"], env, "", checkout)).toEqual({ code: 0, out: "", err: "" })
    const warned = await run(["backup", "channels.yaml"], env, "", checkout)
    expect([warned.code, warned.err]).toEqual([
      0,
      "distributor: channels.yaml holds secrets, and git does not ignore it: keep it out of the repository\n",
    ])
  })

  it("says in one place what is wrong, and never a secret", async () => {
    const bad = file("bad.yaml", yaml().replace("srt://", "gopher://"))
    const wrong = await run(["apply", bad])
    expect([wrong.code, wrong.out]).toEqual([1, ""])
    expect(wrong.err).toMatch(/^distributor: Some of the input is not valid:\n {2}channels\[0\]\.outputs\[0\]\.url: /)
    const broken = await run(["apply", file("broken.yaml", `${yaml()}\n   ${SECRET}: [`)])
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining("line 8") })
    expect(wrong.err + broken.err).not.toContain(SECRET)
    expect(await run(["export"], { DISTRIBUTOR_URL: url })).toMatchObject({
      code: 1,
      err: expect.stringContaining("API key"),
    })
    expect(await run(["export", "--api-key", KEY], { DISTRIBUTOR_URL: url })).toMatchObject({ code: 0 })
    instead = { status: 502, text: "<html>" }
    expect(await run(["export"])).toEqual({ code: 1, out: "", err: "distributor: the service answered 502\n" })
  })

  it.each([
    [["explode"], '"explode" is no command'],
    [["diff"], "diff takes 1 argument"],
    [["versions", "1"], "versions takes 0 arguments"],
    [["diff", "a.yaml", "--force"], "--force is not known"],
    [["diff", "/nonexistent.yaml"], "/nonexistent.yaml cannot be read: ENOENT"],
    [["backup", "/nonexistent/x.yaml"], "/nonexistent/x.yaml cannot be written: ENOENT"],
    [["export", "--format", "xml"], "--format must be json or yaml"],
    [["export", "--url"], "--url needs a value"],
    [["export", "--url", "nonsense"], "--url must be an address"],
    [["health", "--timeout", "0"], "--timeout must be seconds"],
  ])("refuses %j", async (words, message) => {
    const { code, err } = await run(words)
    expect([code, err]).toEqual([1, expect.stringContaining(message)])
  })

  it("tells how it is used", async () => {
    expect(await run(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("usage: distributor COMMAND") })
    expect((await run([])).code).toBe(1)
  })
})
