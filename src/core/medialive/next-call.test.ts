import { describe, expect, it } from "vitest"
import { type Call, nextCall, type PolledChannel, type PollFacts, pauseAfter } from "./next-call.ts"

const NOW = 10_000_000
const ago = (seconds: number) => NOW - seconds * 1000
const channel = (over: Partial<PolledChannel> = {}): PolledChannel => ({
  id: "1",
  state: "RUNNING",
  feeds: true,
  describedAt: ago(60),
  describedState: "RUNNING",
  alertsAt: ago(5),
  wantedAt: null,
  ...over,
})
/** Nothing is due. */
const facts = (over: Partial<PollFacts> = {}): PollFacts => ({
  listAt: ago(5),
  metricsAt: ago(30),
  pricesAt: ago(60),
  channels: [channel()],
  denied: new Map(),
  ...over,
})
const denied = (what: Call["do"], seconds: number) => new Map([[what, ago(seconds)]])

describe("the next request", () => {
  it.each<readonly [string, Partial<PollFacts>, Call | null]>([
    ["none while nothing is due", {}, null],
    ["the list first of all", { listAt: null, metricsAt: null }, { do: "list" }],
    ["the list every 10 s", { listAt: ago(10), metricsAt: null }, { do: "list" }],
    ["figures once a minute", { metricsAt: ago(60) }, { do: "metrics" }],
    [
      "no figures while nothing runs",
      { metricsAt: ago(60), channels: [channel({ state: "IDLE", describedState: "IDLE" })] },
      null,
    ],
    [
      "what somebody looks at",
      { channels: [channel({ feeds: false, wantedAt: ago(1), describedAt: ago(10) })] },
      { do: "describe", id: "1" },
    ],
    [
      "not more often than every 10 s",
      { channels: [channel({ feeds: false, wantedAt: ago(1), describedAt: ago(9) })] },
      null,
    ],
    ["not after they left", { channels: [channel({ feeds: false, wantedAt: ago(6), describedAt: null })] }, null],
    [
      "what has changed",
      { channels: [channel(), channel({ id: "2", describedState: "IDLE" })] },
      { do: "describe", id: "2" },
    ],
    [
      "what was never described",
      { channels: [channel({ describedAt: null, describedState: null })] },
      { do: "describe", id: "1" },
    ],
    [
      "the oldest alerts",
      { channels: [channel({ alertsAt: ago(15) }), channel({ id: "2", alertsAt: ago(20) })] },
      { do: "alerts", id: "2" },
    ],
    ["prices once a day", { pricesAt: ago(86_400) }, { do: "prices" }],
    ["what was described long ago", { channels: [channel({ describedAt: ago(600) })] }, { do: "describe", id: "1" }],
    ["not what is refused", { pricesAt: null, denied: denied("prices", 599) }, null],
    ["what was refused, after a while", { pricesAt: null, denied: denied("prices", 600) }, { do: "prices" }],
    [
      "nothing of channels that do not feed us",
      { channels: [channel({ feeds: false, describedAt: null, describedState: null, alertsAt: null })] },
      null,
    ],
  ])("is %s", (_name, over, call) => expect(nextCall(facts(over), NOW)).toEqual(call))

  it("gives each of 100 running channels its turn, while the list and the figures keep theirs", () => {
    const channels = Array.from({ length: 100 }, (_, n) =>
      channel({ id: String(n), describedAt: null, describedState: null, alertsAt: null }),
    )
    const state = {
      listAt: null as number | null,
      metricsAt: null as number | null,
      pricesAt: null as number | null,
      channels,
      denied: new Map<Call["do"], number>(),
    }
    const calls: string[] = []
    for (let s = 0; s < 300; s++) {
      const nowMs = NOW + s * 1000
      const call = nextCall(state, nowMs)
      calls.push(call?.do ?? "none")
      if (call?.do === "list") state.listAt = nowMs
      if (call?.do === "metrics") state.metricsAt = nowMs
      if (call?.do === "prices") state.pricesAt = nowMs
      state.channels = state.channels.map((one) =>
        call?.do === "describe" && call.id === one.id
          ? { ...one, describedAt: nowMs, describedState: one.state }
          : call?.do === "alerts" && call.id === one.id
            ? { ...one, alertsAt: nowMs }
            : one,
      )
    }
    const count = (what: string) => calls.filter((call) => call === what).length
    expect([count("list"), count("metrics"), count("describe")]).toEqual([30, 5, 100])
    expect(state.channels.every(({ alertsAt }) => alertsAt !== null)).toBe(true)
  })
})

it.each([
  [0, 0],
  [1, 2000],
  [2, 4000],
  [6, 60_000],
  [1e6, 60_000],
])("after %i failures nothing is asked for %i ms", (failures, ms) => expect(pauseAfter(failures)).toBe(ms))
