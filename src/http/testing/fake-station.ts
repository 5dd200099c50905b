/** A station of many channels in mixed states, over fakes: what the pages of a busy gallery show. */
import { Effect } from "effect"
import type { HistorySeries, HistoryView } from "../../effects/history/history-model.ts"
import type { ChannelView, OutputView } from "../../effects/model/channel.ts"
import { NotFound } from "../../effects/model/Errors.ts"
import type { NoticeKind } from "../../effects/notifications/notice-kinds.ts"
import type { AcknowledgeInput, NoticeView } from "../../effects/notifications/notification-bodies.ts"
import { isDown } from "../../effects/show/worst-of.ts"
import { fakeInput, fakeLeg, fakeOutput, fakeScte35 } from "./fake-views.ts"
import { makeTestApp, type TestApp } from "./test-app.ts"

/** What each group of channels is in, by its number: of 50 channels 7 have no input and 27 are stopped. */
export const STATION = { noInput: 7, failing: 5, fine: 11, stopped: 27 } as const

const GENRES = ["News", "Sport", "Culture", "Kids", "Music", "Regional"] as const
const SINCE = "2026-01-02T03:00:00.000Z"
const NO_INPUT = "no packets on 0.0.0.0 port 5000 for 10 s: check that the encoder runs and sends here"
const REFUSED = "Connection timeout (SRT reject code 16): check address and port"

const outputsOf = (n: number, count: number, over: (i: number) => Partial<OutputView>): ReadonlyArray<OutputView> =>
  Array.from({ length: count }, (_, i) => {
    const protocol = (["srt", "srt", "rtmp", "udp", "hls", "rtp", "srt", "file"] as const)[i % 8] ?? "srt"
    const slug = `partner-${i + 1}`
    return fakeOutput({
      id: `00000000-0000-4000-8${String(n).padStart(3, "0")}-${String(i).padStart(12, "0")}`,
      number: i + 1,
      slug,
      name: `Partner ${i + 1}`,
      protocol,
      url: `${protocol}://198.51.100.${n}:${9000 + i}`,
      status: "connected",
      bitrate: 8_000_000,
      uptime: 7200,
      ...over(i),
    })
  })

const shownAs = (n: number, outputs: number): Partial<ChannelView> => {
  const legs = [fakeLeg(), fakeLeg({ source: "backup", port: 6000 })]
  if (n <= STATION.noInput) {
    const lost = legs.map((leg) => ({ ...leg, receiving: false, bitrate: 0, verdict: "lost" as const, sender: null }))
    return {
      status: "error",
      lifecycle: "error",
      error: NO_INPUT,
      input: fakeInput({ legs: lost, redundancy: "lost" }),
      alarms: [{ kind: "no_input", severity: "critical", since: SINCE, message: NO_INPUT }],
      outputs: outputsOf(n, outputs, () => ({ carrying: false, bitrate: 0 })),
    }
  }
  const running = { status: "running" as const, lifecycle: "running" as const, uptime: 7200, error: null }
  const input = fakeInput({ legs, redundancy: "ok", merge: "rtp" })
  if (n <= STATION.noInput + STATION.failing) {
    const failing = { status: "retrying" as const, carrying: false, last_error: REFUSED, bitrate: 0, error_count: 3 }
    return { ...running, input, outputs: outputsOf(n, outputs, (i) => (i < 3 ? failing : {})) }
  }
  if (n <= STATION.noInput + STATION.failing + STATION.fine)
    return { ...running, input, scte35: fakeScte35({ last_cue_at: SINCE }), outputs: outputsOf(n, outputs, () => ({})) }
  return { outputs: outputsOf(n, outputs, () => ({ status: "stopped", carrying: false, bitrate: 0, uptime: 0 })) }
}

/** The notices that the station's channels give rise to; acknowledged ones stay so. */
const stationNotices = (channels: () => ReadonlyArray<ChannelView>, acknowledged: ReadonlySet<string>) => {
  const notice = (channel: ChannelView, kind: NoticeKind, message: string, output?: OutputView): NoticeView => {
    const key = [kind, channel.slug, ...(output === undefined ? [] : [output.slug])].join(":")
    return {
      id: key,
      key,
      kind,
      severity: "critical",
      state: "open",
      channel: channel.slug,
      channel_name: channel.name,
      output: output?.slug ?? null,
      output_name: output?.name ?? null,
      message,
      opened_at: SINCE,
      resolved_at: null,
      acknowledged_at: acknowledged.has(key) ? SINCE : null,
      acknowledged_by: acknowledged.has(key) ? "somebody" : null,
      muted_until: null,
      notified_at: null,
    }
  }
  return channels().flatMap((channel) =>
    channel.status === "error"
      ? [notice(channel, "input_lost", NO_INPUT)]
      : channel.outputs.filter(isDown).map((output) => notice(channel, "output_down", REFUSED, output)),
  )
}

/** A history of five minutes in which the bit rate is 10 Mbit/s, SRT repairs a little, and nothing is lost. */
export const stationHistory = (nowMs: number): HistoryView => {
  const times = Array.from({ length: 300 }, (_, i) => Math.floor(nowMs / 1000) - 300 + i)
  const level = (value: number) => times.map(() => value)
  const of = (name: string, is: "leg" | "output", measure: HistorySeries["measure"], value: number): HistorySeries => ({
    of: name,
    is,
    measure,
    values: level(value),
  })
  return {
    window: "5m",
    step_s: 1,
    times,
    series: [
      of("primary", "leg", "bitrate", 10_000_000),
      of("partner-1", "output", "bitrate", 9_000_000),
      of("partner-1", "output", "rtt", 12.5),
      of("partner-1", "output", "lost", 0),
      of("partner-1", "output", "retransmitted", 3),
      of("primary", "leg", "lost", 0),
      of("primary", "leg", "cc_errors", 0),
    ],
    marks: [],
  }
}

/** Starts the app with that many channels of that many outputs; 50 and 8 make the station of `STATION`. */
export const makeStation = async (
  { channels = 50, outputs = 8 }: { readonly channels?: number; readonly outputs?: number } = {},
  options: NonNullable<Parameters<typeof makeTestApp>[0]> = {},
): Promise<TestApp> => {
  const recent = new Map(
    Array.from({ length: channels }, (_, i) => [
      `00000000-0000-4000-8000-${String(i + 1).padStart(12, "0")}`,
      { bitrates: Array.from({ length: 30 }, (_, at) => 8e6 + (at % 7) * 4e5), cc_errors: i === 9 ? 7 : 0 },
    ]),
  )
  const history = {
    recent: Effect.succeed(recent),
    view: () => Effect.sync(() => stationHistory(Date.now())),
    ...options.over?.history,
  }
  const acknowledged = new Set<string>()
  let listed: () => ReadonlyArray<ChannelView> = () => []
  const notifications = {
    notices: Effect.sync(() => stationNotices(listed, acknowledged)),
    acknowledge: (key: string) =>
      Effect.suspend(() => {
        acknowledged.add(key)
        const found = stationNotices(listed, acknowledged).find((one) => one.key === key)
        return found === undefined ? new NotFound({ kind: "notice", ref: key }) : Effect.succeed(found)
      }),
    acknowledgeMany: ({ all, keys = [] }: AcknowledgeInput) =>
      Effect.sync(() => {
        const open = stationNotices(listed, acknowledged)
        const found = open.filter(({ key }) => all === true || keys.includes(key))
        for (const { key } of found) acknowledged.add(key)
        return found
      }),
    ...options.over?.notifications,
  }
  const test = makeTestApp({ ...options, over: { ...options.over, history, notifications } })
  listed = () => Effect.runSync(test.plane.channels.list)
  for (let n = 1; n <= channels; n++) {
    const name = `${GENRES[n % GENRES.length]} ${Math.ceil(n / GENRES.length)}`
    await test.call("POST", "/api/channels", {
      name,
      rtp_ip: "0.0.0.0",
      rtp_port: 5000 + 10 * n,
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 6000 + 10 * n,
    })
    test.plane.show(String(n), shownAs(n, outputs))
  }
  return test
}
