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
  figuresAt: ago(20),
  queries: 10,
  wantedAt: null,
  ...over,
})
/** Nothing is due. */
const facts = (over: Partial<PollFacts> = {}): PollFacts => ({
  listAt: ago(5),
  pricesAt: ago(60),
  channels: [channel()],
  mostQueries: 500,
  denied: new Map(),
  ...over,
})
const denied = (what: Call["do"], seconds: number) => new Map([[what, ago(seconds)]])

describe("the next request", () => {
  it.each<readonly [string, Partial<PollFacts>, Call | null]>([
    ["none while nothing is due", {}, null],
    ["the list first of all", { listAt: null, channels: [channel({ figuresAt: null })] }, { do: "list" }],
    ["the list every 10 s", { listAt: ago(10), channels: [channel({ figuresAt: null })] }, { do: "list" }],
    ["figures once a minute", { channels: [channel({ figuresAt: ago(60) })] }, { do: "metrics", ids: ["1"] }],
    [
      "with figures that are due those that nearly are, the oldest first",
      {
        channels: [
          channel({ figuresAt: ago(30) }),
          channel({ id: "2", figuresAt: ago(60) }),
          channel({ id: "3", figuresAt: ago(29) }),
          channel({ id: "4", figuresAt: null }),
        ],
      },
      { do: "metrics", ids: ["4", "2", "1"] },
    ],
    [
      "no figures of what is not due, however many are nearly",
      { channels: [channel({ figuresAt: ago(59) }), channel({ id: "2", figuresAt: ago(40) })] },
      null,
    ],
    [
      "as many figures as one request takes",
      {
        mostQueries: 25,
        channels: [
          channel({ figuresAt: ago(61) }),
          channel({ id: "2", figuresAt: ago(63) }),
          channel({ id: "3", figuresAt: ago(62) }),
        ],
      },
      { do: "metrics", ids: ["2", "3"] },
    ],
    [
      "no figures while nothing runs",
      { channels: [channel({ state: "IDLE", describedState: "IDLE", figuresAt: null })] },
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

  /** What is asked in so many seconds, one request a second, of channels that all run and feed us. */
  const askedIn = (seconds: number, channels: ReadonlyArray<PolledChannel>) => {
    let state = facts({ listAt: null, pricesAt: null, channels })
    const calls: Array<Call | null> = []
    const asked = new Map<string, number[]>()
    for (let s = 0; s < seconds; s++) {
      const nowMs = NOW + s * 1000
      const call = nextCall(state, nowMs)
      calls.push(call)
      if (call?.do === "list") state = { ...state, listAt: nowMs }
      if (call?.do === "prices") state = { ...state, pricesAt: nowMs }
      const ids = call?.do === "metrics" ? call.ids : []
      for (const id of ids) asked.set(id, [...(asked.get(id) ?? []), s])
      state = {
        ...state,
        channels: state.channels.map((one) => {
          if (ids.includes(one.id)) return { ...one, figuresAt: nowMs }
          if (call?.do === "describe" && call.id === one.id)
            return { ...one, describedAt: nowMs, describedState: one.state }
          return call?.do === "alerts" && call.id === one.id ? { ...one, alertsAt: nowMs } : one
        }),
      }
    }
    return {
      asked,
      calls,
      channels: state.channels,
      count: (what: string) => calls.filter((c) => c?.do === what).length,
    }
  }

  it("gives each of 100 running channels its turn, and its figures each minute, while the list keeps its own", () => {
    const all = Array.from({ length: 100 }, (_, n) =>
      channel({ id: String(n), describedAt: null, describedState: null, alertsAt: null, figuresAt: null }),
    )
    const { asked, channels, count } = askedIn(300, all)
    expect([count("list"), count("metrics"), count("describe")]).toEqual([30, 10, 100])
    expect(channels.every(({ alertsAt }) => alertsAt !== null)).toBe(true)
    expect(asked.size).toBe(100)
    for (const [id, times] of asked) {
      const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
      expect([id, times.length, gaps.every((gap) => gap >= 60 && gap <= 62)]).toEqual([id, 5, true])
    }
  })

  it("brings figures of channels that started at different times together into one request a minute", () => {
    const all = [20, 25, 40, 47, 59].map((seconds, n) => channel({ id: String(n), figuresAt: ago(seconds) }))
    const { calls } = askedIn(360, all)
    const late = calls.slice(180).filter((call) => call?.do === "metrics")
    expect(late.map((call) => (call?.do === "metrics" ? [...call.ids].sort() : []))).toEqual(
      Array.from({ length: 3 }, () => ["0", "1", "2", "3", "4"]),
    )
  })
})

it.each([
  [0, 0],
  [1, 2000],
  [2, 4000],
  [6, 60_000],
  [1e6, 60_000],
])("after %i failures nothing is asked for %i ms", (failures, ms) => expect(pauseAfter(failures)).toBe(ms))
