import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { channelStats, engineStats, legStats, outputStats } from "../../effects/testing/FakeEngine.ts"
import { srtInputFigures, srtInputStats } from "../../effects/testing/srt-input-stats.ts"
import { makeRealApps, type RealApp } from "../testing/real-app.ts"

/** The counters of a running control plane, over sessions, engines and configuration. */
const apps = makeRealApps()
afterEach(apps.stopAll)

const scrape = async (app: RealApp) => {
  const lines = (await app.call("GET", "/metrics")).text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  )
}
const OWN = 'channel="news",output="srt-1"'

const withChannel = async () => {
  const app = await apps.start()
  const outputs = [{ name: "SRT 1", url: "srt://127.0.0.1:9" }]
  const { body } = await app.call<{ id: string; outputs: ReadonlyArray<{ id: string }> }>("POST", "/api/channels", {
    name: "News",
    rtp_port: 5000,
    outputs,
  })
  const session = () => app.engine.sent.flatMap((c) => (c.cmd === "open_output" ? [c.output.session] : [])).at(-1) ?? ""
  const tell = (figures: {
    bytes: number
    dropped?: number
    session?: string
    leg?: Record<string, number>
    at?: number
  }) =>
    Effect.runPromise(
      app.engine.stats(
        engineStats(
          [
            channelStats({
              id: body.id,
              legs: [legStats({ counters: { datagrams: 0, ...figures.leg } })],
              outputs: [
                outputStats({
                  id: body.outputs[0]?.id ?? "",
                  session: figures.session ?? session(),
                  url: "srt://127.0.0.1:9",
                  bytes_sent: figures.bytes,
                  packets_dropped: figures.dropped ?? 0,
                }),
              ],
            }),
          ],
          figures.at ?? 0,
        ),
      ),
    )
  return { app, channel: body.id, output: body.outputs[0]?.id ?? "", session, tell }
}

describe("metrics of a control plane", () => {
  it("has every series of an output from its creation on, and none when it is gone", async () => {
    const { app, channel, output } = await withChannel()
    const before = await scrape(app)
    const series = [...before.keys()].filter((name) => name.includes(OWN))
    expect(series.length).toBeGreaterThan(40)
    expect(before.get(`distributor_output_sent_bytes_total{${OWN}}`)).toBe(0)
    expect(before.get(`distributor_output_desired{${OWN}}`)).toBe(0)
    await app.call("DELETE", `/api/channels/${channel}/outputs/${output}`)
    const after = await scrape(app)
    expect([...after.keys()].filter((name) => name.includes(OWN))).toEqual([])
    expect(after.get('distributor_channel_desired{channel="news"}')).toBe(0)
    await app.call("DELETE", `/api/channels/${channel}`)
    expect([...(await scrape(app)).keys()].filter((name) => name.includes('channel="news"'))).toEqual([])
  })

  it("row 45: goes on counting when an output connects anew, is stopped and started, and when the engine is another", async () => {
    const { app, channel, output, session, tell } = await withChannel()
    const sent = async () => (await scrape(app)).get(`distributor_output_sent_bytes_total{${OWN}}`)
    await app.call("POST", `/api/channels/${channel}/start`)
    const first = session()
    await tell({ bytes: 1000 })
    expect(await sent()).toBe(1000)

    await Effect.runPromise(app.engine.output(output, "connected"))
    await Effect.runPromise(app.engine.output(output, "ended", { code: "srt_2001", message: "gone", transient: true }))
    await expect.poll(session, { timeout: 5000 }).not.toBe(first)
    await tell({ bytes: 10 })
    expect(await sent()).toBe(1010)

    await app.call("POST", `/api/channels/${channel}/outputs/${output}/stop`)
    expect(await sent()).toBe(1010)
    const second = session()
    await app.call("POST", `/api/channels/${channel}/outputs/${output}/start`)
    await expect.poll(session, { timeout: 5000 }).not.toBe(second)
    await tell({ bytes: 5 })
    expect(await sent()).toBe(1015)

    await app.call("POST", `/api/channels/${channel}/stop`)
    expect(await sent()).toBe(1015)
    await app.call("POST", `/api/channels/${channel}/start`)
    const third = session()
    await Effect.runPromise(app.engine.lose)
    expect(await sent()).toBe(1015)
    await Effect.runPromise(app.engine.connect())
    await expect.poll(session, { timeout: 5000 }).not.toBe(third)
    await tell({ bytes: 7 })
    expect(await sent()).toBe(1022)
    const samples = await scrape(app)
    expect(samples.get(`distributor_output_reconnects_total{${OWN},reason="closed"}`)).toBe(1)
    expect(samples.get(`distributor_output_connects_total{${OWN}}`)).toBe(1)
    expect(samples.get(`distributor_output_connect_failures_total{${OWN},reason="engine"}`)).toBe(1)
  })

  it("point 15: the API shows the very counters of /metrics, over sessions, stops and engines", async () => {
    const { app, channel, output, session, tell } = await withChannel()
    await app.call("POST", `/api/channels/${channel}/start`)
    type Shown = {
      readonly outputs: ReadonlyArray<{ bytes_sent: number; packets_dropped: number }>
      readonly input: { readonly legs: ReadonlyArray<{ readonly counters: Record<string, number> }> }
    }
    const both = async () => {
      const samples = await scrape(app)
      const { input, outputs } = (await app.call<Shown>("GET", `/api/channels/${channel}`)).body
      const dropped = [...samples].filter(([name]) =>
        name.startsWith(`distributor_output_dropped_packets_total{${OWN}`),
      )
      const metrics = {
        bytes_sent: samples.get(`distributor_output_sent_bytes_total{${OWN}}`),
        packets_dropped: dropped.reduce((sum, [, value]) => sum + value, 0),
      }
      expect(outputs[0]).toMatchObject(metrics)
      const lost = samples.get('distributor_input_rtp_lost_packets_total{channel="news",source="primary"}')
      expect(input.legs[0]?.counters["rtp_lost"] ?? 0).toBe(lost)
      return [metrics.bytes_sent, metrics.packets_dropped, lost]
    }
    await tell({ bytes: 1000, dropped: 5486, leg: { datagrams: 10, rtp_lost: 3 } })
    expect(await both()).toEqual([1000, 5486, 3])
    // The receiver leaves.
    const first = session()
    await Effect.runPromise(app.engine.output(output, "connected"))
    await Effect.runPromise(app.engine.output(output, "ended", { code: "srt_2001", message: "gone", transient: true }))
    expect(await both()).toEqual([1000, 5486, 3])
    await expect.poll(session, { timeout: 5000 }).not.toBe(first)
    await tell({ bytes: 10, dropped: 1, leg: { datagrams: 11, rtp_lost: 3 } })
    expect(await both()).toEqual([1010, 5487, 3])
    await app.call("POST", `/api/channels/${channel}/stop`)
    expect(await both()).toEqual([1010, 5487, 3])
    await app.call("POST", `/api/channels/${channel}/start`)
    await Effect.runPromise(app.engine.lose)
    await Effect.runPromise(app.engine.connect())
    await tell({ bytes: 7, dropped: 2, leg: { datagrams: 2, rtp_lost: 1 } })
    expect(await both()).toEqual([1017, 5489, 4])
  })

  it("point 23: an output that is connected without input carries nothing", async () => {
    const { app, channel, output, session } = await withChannel()
    await app.call("POST", `/api/channels/${channel}/start`)
    await Effect.runPromise(app.engine.output(output, "connected"))
    const shown = async (receiving: boolean) => {
      const stats = outputStats({ id: output, session: session(), url: "srt://127.0.0.1:9" })
      await Effect.runPromise(
        app.engine.stats(
          engineStats([channelStats({ id: channel, legs: [legStats({ receiving })], outputs: [stats] })]),
        ),
      )
      const samples = await scrape(app)
      const view = (
        await app.call<{ outputs: ReadonlyArray<{ carrying: boolean }> }>("GET", `/api/channels/${channel}`)
      ).body
      return [
        samples.get(`distributor_output_up{${OWN}}`),
        samples.get(`distributor_output_carrying{${OWN}}`),
        view.outputs[0]?.carrying,
      ]
    }
    expect(await shown(true)).toEqual([1, 1, true])
    expect(await shown(false)).toEqual([1, 0, false])
  })

  it("goes on counting when a source is opened anew, and never counts a loss twice that was made good", async () => {
    const { app, channel, tell } = await withChannel()
    await app.call("POST", `/api/channels/${channel}/start`)
    const lost = async (leg: Record<string, number>) => {
      await tell({ bytes: 0, leg })
      return (await scrape(app)).get('distributor_input_rtp_lost_packets_total{channel="news",source="primary"}')
    }
    expect(await lost({ datagrams: 100, rtp_lost: 5 })).toBe(5)
    expect(await lost({ datagrams: 101, rtp_lost: 4 })).toBe(5)
    expect(await lost({ datagrams: 200, rtp_lost: 7 })).toBe(7)
    expect(await lost({ datagrams: 3, rtp_lost: 1 })).toBe(8)
  })

  it("counts on over connections of SRT senders, and when the source is opened anew or the engine is another", async () => {
    const app = await apps.start()
    const { body } = await app.call<{ id: string }>("POST", "/api/channels", {
      name: "News",
      input_url: "srt://:9100?mode=listener",
    })
    const shown = async () => {
      const samples = await scrape(app)
      const of = (name: string) => samples.get(`distributor_input_srt_${name}{channel="news",source="primary"}`)
      return ["connected", "connections_total", "dropped_packets_total", "rtt_seconds"].map(of)
    }
    const tell = async (connections: number, packets: number, dropped: number) => {
      const figures = srtInputFigures({ packets_received: packets, packets_dropped: dropped })
      const srt = srtInputStats({ state: "connected", connections, figures })
      await Effect.runPromise(
        app.engine.stats(engineStats([channelStats({ id: body.id, legs: [legStats({ framing: "srt", srt })] })])),
      )
      return shown()
    }
    expect(await shown()).toEqual([0, 0, 0, undefined])
    await app.call("POST", `/api/channels/${body.id}/start`)
    expect(await tell(1, 100, 3)).toEqual([1, 1, 3, 0.02])
    expect(await tell(2, 150, 4)).toEqual([1, 2, 4, 0.02])
    expect(await tell(1, 10, 1)).toEqual([1, 3, 5, 0.02])
    await app.call("POST", `/api/channels/${body.id}/stop`)
    expect(await shown()).toEqual([0, 3, 5, undefined])
    await app.call("POST", `/api/channels/${body.id}/start`)
    await Effect.runPromise(app.engine.lose)
    await Effect.runPromise(app.engine.connect())
    expect(await tell(1, 20, 2)).toEqual([1, 4, 7, 0.02])
  })

  it("counts once what it is told twice, as after a command", async () => {
    const { app, channel, tell } = await withChannel()
    await app.call("POST", `/api/channels/${channel}/start`)
    for (const bytes of [100, 100, 150]) await tell({ bytes })
    expect((await scrape(app)).get(`distributor_output_sent_bytes_total{${OWN}}`)).toBe(150)
  })
})
