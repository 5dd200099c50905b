/** SRT inputs by the API, over the real control plane. */
import { Option, Redacted } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import type { InputView } from "./routes/inputs-view.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const SECRET = "0123456789abcdef"
const CALLER = `srt://encoder.example:9000?mode=caller&passphrase=${SECRET}`
const LISTENER = "srt://:9100?mode=listener"

const add = (app: RealApp, name: string, fields: object) => app.call("POST", "/api/channels", { name, ...fields })
const errorsOf = ({ body }: { readonly body: unknown }) =>
  (body as { errors?: ReadonlyArray<{ path: string; message: string }> }).errors ?? []
/** The URLs of the legs as the engine was told last. */
const told = ({ engine }: RealApp) =>
  engine.sent
    .flatMap((command) => (command.cmd === "put_channel" ? [command.channel] : []))
    .at(-1)
    ?.legs.map(({ url }) => url)

describe("SRT inputs", () => {
  it("are shown with their secrets masked, and keep them when that comes back", async () => {
    const app = await apps.start()
    const made = await add(app, "Sport", { input_url: CALLER, backup_input_url: LISTENER })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ rtp_ip: null, rtp_port: null, input_url: CALLER.replace(SECRET, "***") })
    const path = "/api/channels/sport"
    const { body } = await app.call<ChannelView>("GET", path)
    const { backup_input_url, input_url } = body
    const changed = await app.call("PUT", path, { name: "Sport HD", input_url, backup_input_url })
    expect(changed.status).toBe(200)
    await app.call("POST", `${path}/start`)
    expect(told(app)).toEqual([CALLER, LISTENER])
    expect((await app.call("PUT", path, { input_url: `${input_url}&latency=500` })).status).toBe(200)
    const other = await app.call("PUT", path, { input_url: input_url?.replace("encoder", "other") })
    expect([other.status, errorsOf(other)[0]?.path]).toEqual([400, "input_url"])
    const document = await app.call("GET", "/api/config")
    expect(document.text).not.toContain(SECRET)
    const put = await app.call("PUT", "/api/config", document.body)
    expect([put.status, put.body["changed"]]).toEqual([200, false])
    expect((await app.call("GET", "/api/config?secrets=1")).text).toContain(SECRET)
  })

  it("show what of their URLs is not known", async () => {
    const app = await apps.start()
    const { body } = await add(app, "Sport", { input_url: `${LISTENER}&nonsense=1&timeout=5` })
    const [leg] = (body as unknown as ChannelView).input.legs
    expect(leg?.warnings).toEqual(["ignored: nonsense is not known", expect.stringContaining("timeout has no effect")])
    expect((await app.call("GET", "/channels/sport")).text).toContain("ignored: nonsense is not known")
  })

  it("share a port when each has a stream id of its own, by every way to add them", async () => {
    const app = await apps.start()
    const named = (id: string) => ({ input_url: `${LISTENER}&streamid=${id}` })
    expect((await add(app, "One", named("one"))).status).toBe(201)
    expect((await add(app, "Two", { ...named("two"), backup_input_url: `${LISTENER}&streamid=spare` })).status).toBe(
      201,
    )
    for (const fields of [{ input_url: LISTENER }, named("one"), { rtp_port: 9100 }]) {
      const refused = await add(app, "Three", fields)
      expect([refused.status, errorsOf(refused)[0]?.message]).toEqual([
        409,
        expect.stringContaining('UDP port 9100 is already used by the primary input of channel "One"'),
      ])
    }
    const twin = await app.call("PUT", "/api/channels/two", named("one"))
    expect([twin.status, errorsOf(twin)[0]?.path]).toEqual([409, "input_url"])
    const both = await add(app, "Three", { ...named("three"), backup_input_url: named("three").input_url })
    expect([both.status, errorsOf(both)[0]?.path]).toEqual([409, "backup_input_url"])
    const { body } = await app.call<{ channels: ReadonlyArray<object> }>("GET", "/api/config")
    const channels = body.channels.map((channel) => ({ ...channel, ...named("one") }))
    const document = await app.call("PUT", "/api/config?dry_run=1", { ...body, channels })
    expect([document.status, errorsOf(document)[0]?.path]).toEqual([409, "channels[1].input_url"])
    const clone = await app.call<ChannelView>("POST", "/api/channels/one/clone", { name: "Copy" })
    expect(clone.body.input_url).toBe("srt://:9102?mode=listener&streamid=one")
  })

  it("call no private address with ALLOW_PRIVATE_TARGETS=off", async () => {
    const app = await apps.start({ config: { allowPrivateTargets: false } })
    const message = "10.0.0.1 is a private address, where ALLOW_PRIVATE_TARGETS=off lets no input call"
    const input_url = "srt://10.0.0.1:9000"
    const refused = await add(app, "Sport", { input_url })
    expect([refused.status, errorsOf(refused)]).toEqual([400, [{ path: "input_url", message }]])
    expect((await add(app, "Sport", { input_url: LISTENER, backup_input_url: CALLER })).status).toBe(201)
    const changed = await app.call("PUT", "/api/channels/sport", { backup_input_url: input_url })
    expect(errorsOf(changed)).toEqual([{ path: "backup_input_url", message }])
    const channels = [{ slug: "sport", name: "Sport", input_url }]
    const document = await app.call("PUT", "/api/config", { version: 1, channels })
    expect([document.status, errorsOf(document)]).toEqual([400, [{ path: "channels[0].input_url", message }]])
    await app.call("POST", "/api/channels/sport/start")
    const legs = app.engine.sent.flatMap((sent) => (sent.cmd === "put_channel" ? sent.channel.legs : []))
    expect(legs.map((leg) => leg.public_only)).toEqual([undefined, true])
  })

  it("are inputs of /api/inputs, which gives listeners a port", async () => {
    const app = await apps.start({ config: { srtPorts: { first: 28_890, last: 28_990 } } })
    const made = await app.call<InputView>("POST", "/api/inputs", { name: "A", url: CALLER })
    expect(made.body).toMatchObject({ udp_port: null, url: CALLER.replace(SECRET, "***"), framing: "none" })
    const listens = await app.call<InputView>("POST", "/api/inputs", { name: "B", url: "srt://?mode=listener" })
    expect(listens.body.url).toMatch(/^srt:\/\/:28[89]\d\d\?mode=listener$/)
    const wrong = await app.call("POST", "/api/inputs", { name: "C", url: "rtp://h:1" })
    expect([wrong.status, errorsOf(wrong)[0]?.path]).toEqual([400, "url"])
    const both = await app.call("POST", "/api/inputs", { name: "C", url: CALLER, udp_port: 5000 })
    expect([both.status, errorsOf(both)[0]?.path]).toEqual([400, "url"])
    const rtp = await app.call<InputView>("PUT", "/api/inputs/1", { udp_port: 5050 })
    expect(rtp.body).toMatchObject({ udp_port: 5050, url: null })
  })

  it("get the ingest port, its passphrase and their stream ids in what the engine is told", async () => {
    const ingest = { port: 9100, passphrase: Option.some(Redacted.make(SECRET)) }
    const app = await apps.start({ config: { srtIngest: Option.some(ingest) } })
    const made = await app.call<InputView>("POST", "/api/inputs", { name: "A", url: "srt://?mode=listener" })
    expect(made.body.url).toBe(LISTENER)
    expect(told(app)).toEqual([`${LISTENER}&streamid=%23!%3A%3Ar%3Da%2Cm%3Dpublish&passphrase=${SECRET}`])
    const own = await add(app, "Own", { input_url: `${LISTENER}&passphrase=fedcba9876543210` })
    expect([own.status, errorsOf(own)[0]?.path]).toEqual([400, "input_url"])
    const output = await app.call("POST", "/api/channels/a/outputs", { url: LISTENER })
    expect([output.status, errorsOf(output)[0]?.message]).toEqual([409, expect.stringContaining("SRT_INGEST_PORT")])
    const clone = await app.call<ChannelView>("POST", "/api/channels/a/clone", { name: "Copy" })
    expect(clone.body.input_url).toBe(LISTENER)
  })
})
