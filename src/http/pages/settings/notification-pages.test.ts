import { afterEach, describe, expect, it } from "vitest"
import { startHttpReceiver } from "../../../effects/testing/receivers.ts"
import { makeRealApps } from "../../testing/real-app.ts"
import { destinations, get, post, SECRET, start, textOf } from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("notifications", () => {
  it("have destinations that are added, tested, changed with their secrets kept, and removed", async () => {
    const app = await start(apps)
    const hook = await startHttpReceiver()
    const fields = { kind: "webhook", name: "<Hook>", url: `${hook.url}/${SECRET}`, secret: SECRET, enabled: "true" }
    const refused = await post(app, "/settings/notifications/destinations/add", { ...fields, name: "" })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('id="destination-name-error"')])
    expect((await post(app, "/settings/notifications/destinations/add", fields)).status).toBe(303)
    const [one] = await destinations(app)
    const path = `/settings/notifications/destinations/${one?.id}`
    const tested = await post(app, `${path}/test`)
    expect([tested.status, textOf(tested.text)]).toEqual([
      200,
      expect.stringContaining("The test of &lt;Hook&gt; went well: HTTP 200: ok"),
    ])
    expect(hook.received.map((received) => received.path)).toEqual([`/${SECRET}`])
    expect((await post(app, `${path}/edit`, { name: "Hook", url: "", secret: "", enabled: "false" })).status).toBe(303)
    expect((await post(app, `${path}/test`)).text).toContain("went well")
    expect((await get(app, "/settings/notifications")).includes("switched off")).toBe(true)
    for (const text of [
      refused.text,
      tested.text,
      await get(app, `${path}/edit`),
      await get(app, "/settings/notifications"),
    ])
      expect(text).not.toContain(SECRET)
    await hook.close()
    expect((await post(app, `${path}/test`)).text).toMatch(/banner error[\s\S]*The test of Hook failed/)
    expect((await post(app, `${path}/remove`)).status).toBe(303)
    expect(await destinations(app)).toEqual([])
  })

  it("have rules, which are told in words, and mutes", async () => {
    const app = await start(apps)
    const mail = {
      kind: "email",
      name: "Ops",
      host: "mail.example.com",
      from: "a@example.com",
      to: "b@example.com, c@example.com",
    }
    expect((await post(app, "/settings/notifications/destinations/add", mail)).status).toBe(303)
    const [one] = await destinations(app)
    const rules = {
      count: "2",
      "rules[0].remove": "true",
      "rules[1].add": "true",
      "rules[1].severities.critical": "true",
      "rules[1].kinds.input_lost": "true",
      [`rules[1].destinations.${one?.id}`]: "true",
      "rules[1].resolved": "false",
    }
    const wrong = await post(app, "/settings/notifications/rules", {
      ...rules,
      "rules[1].channels": "none",
      repeat_minutes: "x",
    })
    expect(wrong.status).toBe(400)
    const unknown = await post(app, "/settings/notifications/rules", { ...rules, "rules[1].channels": "none" })
    // The removed rule is not part of the request, yet the message appears where the faulty value was typed.
    expect(unknown.text).toContain(
      'id="rules-rules[1].channels-error" class="error">there is no channel &quot;none&quot;',
    )
    expect(
      (await post(app, "/settings/notifications/rules", { ...rules, "rules[1].channels": "news-more" })).status,
    ).toBe(303)
    expect(textOf(await get(app, "/settings/notifications"))).toContain(
      "Ops: no input that is critical on news-more, and not when it is over",
    )
    const form = await get(app, "/settings/notifications/rules")
    expect(form).toContain('name="rules[0].kinds.input_lost" value="true" checked=""')
    expect(form).toContain('name="count" value="2"')

    const bad = await post(app, "/settings/notifications/mutes", {
      channel: "news-more",
      output: "none",
      minutes: "60",
    })
    expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('id="mute-output-error"')])
    expect(
      (await post(app, "/settings/notifications/mutes", { channel: "news-more", output: "", minutes: "60" })).status,
    ).toBe(303)
    const [, end = ""] =
      /action="(\/settings\/notifications\/mutes\/[^"]+\/end)"/.exec(await get(app, "/settings/notifications")) ?? []
    expect((await post(app, end)).status).toBe(303)
    expect(await get(app, "/settings/notifications")).toContain("Nothing is muted.")
    const weekly = {
      channel: "news-more",
      minutes: "90",
      starts: "2030-01-01 23:00",
      zone: "Asia/Kathmandu",
      weeks: "4",
    }
    for (const [wrong, name] of [
      [{ ...weekly, starts: "soon" }, "starts"],
      [{ ...weekly, zone: "Mars/Olympus" }, "zone"],
      [{ ...weekly, "days.tue": "true", minutes: "1440" }, "minutes"],
    ] as const) {
      const answer = await post(app, "/settings/notifications/mutes", wrong)
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(`id="mute-${name}-error"`)])
    }
    const starts = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const again = { ...weekly, starts: `${starts} 23:00`, "days.tue": "true", "days.fri": "true", reason: "<test>" }
    expect((await post(app, "/settings/notifications/mutes", again)).status).toBe(303)
    const told = textOf(await get(app, "/settings/notifications"))
    expect(told).toContain("on Tue, Fri from 23:00 to 00:30 (Asia/Kathmandu), next from")
    expect(told).toContain(": &lt;test&gt;")
    // What is over by now needs nothing more.
    expect((await post(app, "/settings/notifications/acknowledge", { key: "none" })).status).toBe(303)
  })
})
