/** The forms of channels over the real control plane. */
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { post, start, stored, textOf } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("a channel", () => {
  it("is added with its first output and started, changed, and cloned in two steps", async () => {
    const app = await start(apps)
    const fields = {
      name: "Sports",
      rtp_port: "5020",
      backup_rtp_port: "5030",
      output_url: "srt://h:1",
      "input.allowed_senders": "192.0.2.7, 10.0.0.0/8",
    }
    expect((await post(app, "/channels", { ...fields, "input.failover_after_ms": "300", save: "start" })).status).toBe(
      303,
    )
    const [, sports] = await stored(app)
    expect(sports).toMatchObject({
      rtp_ip: "0.0.0.0",
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 5030,
      should_run: true,
      input: { allowed_senders: ["192.0.2.7", "10.0.0.0/8"], failover_after_ms: 300 },
      outputs: [{ url: "srt://h:1" }],
    })
    const page = (await app.call("GET", "/channels/sports/edit")).text
    expect(page).toContain(
      'name="input.failover_after_ms" aria-describedby="channel-input.failover_after_ms-hint" value="300"',
    )
    expect(page).toContain('value="192.0.2.7, 10.0.0.0/8"')
    const changed = { name: "Sports HD", rtp_port: "5020", rtp_ip: "", "input.failback": "manual" }
    expect((await post(app, "/channels/sports/edit", changed)).status).toBe(303)
    expect((await stored(app))[1]).toMatchObject({
      name: "Sports HD",
      backup_rtp_ip: null,
      backup_rtp_port: null,
      input: { failback: "manual" },
    })
    const taken = await post(app, "/channels/sports/edit", { ...changed, rtp_port: "5000" })
    expect([taken.status, textOf(taken.text)]).toEqual([
      409,
      expect.stringContaining("is already used by the primary input"),
    ])
    const clone = await app.call("GET", "/channels/sports/clone")
    expect(clone.text).toContain('value="Sports HD copy"')
    const cloned = await post(app, "/channels/sports/clone", { name: "Sports HD copy", rtp_port: "" })
    expect([cloned.status, cloned.headers.get("location")]).toEqual([303, "/channels/sports-hd-copy/edit"])
    expect((await post(app, "/channels/sports/clone", { name: "x", rtp_port: "5000" })).status).toBe(409)
    const listener = await post(app, "/outputs", { channel: "sports", url: "srt://:9100", name: "listener" })
    expect(listener.status).toBe(303)
    const partly = await post(app, "/channels/sports/clone", { name: "third" })
    expect([partly.status, textOf(partly.text)]).toEqual([
      200,
      expect.stringContaining("listener: UDP port 9100 is already used"),
    ])
  })
})
