import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { makePendingDocuments } from "./pending-documents.ts"
import { ADMIN, get, post, SECRET, start, textOf, upload, user } from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("the configuration", () => {
  const outputs = (passphrase: string) => `
      - slug: cdn
        url: srt://192.0.2.1:9000?passphrase=${passphrase}
`
  const document = (rest: string) =>
    `version: 1\nchannels:\n  - slug: news-more\n    name: News\n    rtp_port: 5000\n    outputs:${rest}`
  const tokenOf = (html: string) => /name="token" value="([^"]+)"/.exec(html)?.[1] ?? ""

  it("is compared, applied once it was seen, and rolled back", async () => {
    const app = await start(apps)
    const compared = await upload(app, document(outputs(SECRET)))
    expect(compared.status).toBe(200)
    expect(textOf(compared.text)).toMatch(/name: News &amp; more → News .*\+ added output/)
    expect(compared.text).not.toContain(SECRET)
    // Somebody else's token does not work.
    const { text } = await upload(app, document(outputs(SECRET)))
    const other = await user(app, "ada", "admin")
    expect((await post(app, "/settings/config/apply", { token: tokenOf(text) }, other)).status).toBe(409)
    const applied = await post(app, "/settings/config/apply", { token: tokenOf(compared.text) })
    expect([applied.status, applied.headers.get("location")]).toEqual([303, "/settings/config?done=applied"])
    expect((await post(app, "/settings/config/apply", { token: tokenOf(compared.text) })).status).toBe(409)
    // The configuration that the preview was compared with no longer exists.
    const again = await post(app, "/settings/config/apply", { token: tokenOf(text) })
    expect([again.status, textOf(again.text)]).toEqual([409, expect.stringContaining("was changed meanwhile")])

    expect((await get(app, "/settings/config")).match(/Version \d/g)).toEqual(["Version 2", "Version 1"])
    const version = await get(app, "/settings/config/versions/1")
    expect(textOf(version)).toMatch(/name: News → News &amp; more .*removed output/)
    expect(version).toContain("Go back to version 1")
    expect((await post(app, "/settings/config/versions/1/rollback")).status).toBe(303)
    const back = (await Effect.runPromise(app.store.load)) ?? []
    expect(back).toMatchObject([{ name: "News & more", outputs: [] }])
    expect((await app.call("GET", "/settings/config/versions/99", undefined, ADMIN)).status).toBe(404)
  })

  it("says what begins anew, and that a secret is another one", async () => {
    const app = await start(apps)
    const first = await upload(app, document(outputs(`${SECRET}-1`)))
    await post(app, "/settings/config/apply", { token: tokenOf(first.text) })
    const second = textOf((await upload(app, document(outputs(`${SECRET}-2`)))).text)
    expect(second).toMatch(/1 output is begun anew .* its secret is another one/)
    expect(second).not.toContain(SECRET)
    expect(textOf((await upload(app, await get(app, "/api/config?format=yaml"))).text)).toContain("Nothing changes")
  })

  it("is shown again without its secrets when it is wrong, and nothing is changed", async () => {
    const app = await start(apps)
    for (const wrong of [
      document(outputs(SECRET)).replace("5000", "70000"),
      `${document(outputs(SECRET))}  [`,
      `stream_key: ${SECRET}`,
    ]) {
      const answer = await upload(app, wrong)
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('role="alert"')
      expect(answer.text).toContain("***")
      expect(answer.text).not.toContain(SECRET)
    }
    const hidden = await upload(app, `stream_key: |\n  ${SECRET}`)
    expect([hidden.status, textOf(hidden.text)]).toEqual([
      400,
      expect.stringContaining("may hold secrets and is not sent back"),
    ])
    expect(hidden.text).not.toContain(SECRET)
    expect((await upload(app, "")).text).toContain("is empty: paste a configuration or choose a file")
    expect((await upload(app, "x".repeat(2 << 20))).status).toBe(413)
    expect((await get(app, "/settings/config")).includes("No configuration was applied yet")).toBe(true)
  })

  it("waits for its yes for 10 minutes", () => {
    let now = 0
    const pending = makePendingDocuments(() => now)
    const one = { document: { version: 1 as const, channels: [] }, subject: "env", seen: "[]" }
    const token = pending.keep(one)
    expect(pending.find(token, "env")).toMatchObject(one)
    expect(pending.find(token, "user:ada")).toBeUndefined()
    now = 10 * 60_000
    expect(pending.find(token, "env")).toBeUndefined()
    const many = Array.from({ length: 25 }, () => pending.keep(one))
    expect(many.filter((token) => pending.find(token, "env") !== undefined)).toHaveLength(20)
  })
})
