import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ChannelConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { channelStats, engineStats, legStats, outputStats } from "../testing/FakeEngine.ts"
import {
  bitrateOf,
  CHANNELS_PER_ENGINE,
  capacityProblems,
  chooseEngine,
  EXPECTED_BITRATE,
  groupOf,
  loadsOf,
  type Placed,
  sharedPorts,
  splitPort,
} from "./placement.ts"

const alone = new Set(["new"])
const placed = (...places: ReadonlyArray<readonly [engine: number, mbps: number]>): ReadonlyArray<Placed> =>
  places.map(([engine, mbps], index) => ({ id: `c${index}`, engine, bitrate: mbps * 1e6 }))
const full = (engine: number) => placed(...Array.from({ length: CHANNELS_PER_ENGINE }, () => [engine, 1] as const))
const renamed = (places: ReadonlyArray<Placed>, by: string) => places.map((one) => ({ ...one, id: `${by}${one.id}` }))

describe("chooseEngine", () => {
  it.each([
    ["takes the first of empty engines", 3, [], 1],
    ["takes an empty engine before one that carries something", 2, placed([1, 1]), 2],
    ["takes the one with the least bit rate, not with the fewest channels", 2, placed([1, 50], [2, 5], [2, 5]), 2],
    ["takes the one with fewer channels of two with the same bit rate", 2, placed([1, 5], [1, 5], [2, 10]), 2],
    ["leaves out an engine that is full", 2, [...full(1), ...renamed(placed([2, 900]), "x")], 2],
    ["leaves out an engine above the number set", 1, placed([1, 900], [2, 1]), 1],
    [
      "takes the one with the fewest channels when all are full",
      2,
      [...full(1), ...renamed([...full(2), ...placed([2, 0])], "x")],
      1,
    ],
  ] as const)("%s", (_, count, places, engine) => {
    expect(chooseEngine(alone, { count, placed: places })).toBe(engine)
  })

  it("puts a channel beside those that it shares a port with, wherever they are", () => {
    const places = placed([1, 1], [3, 900], [3, 900])
    expect(chooseEngine(new Set(["new", "c1"]), { count: 2, placed: places })).toBe(3)
    expect(chooseEngine(new Set(["new", "c0", "c1", "c2"]), { count: 3, placed: places })).toBe(3)
    expect(chooseEngine(new Set(["new", "c0", "c1"]), { count: 3, placed: places })).toBe(1)
  })

  it("keeps the engines within one channel of each other's bit rate, and below what one carries", () => {
    const channel = fc.integer({ min: 1, max: 50_000_000 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(channel, { maxLength: 120 }), (count, rates) => {
        const places: Placed[] = []
        for (const [index, bitrate] of rates.entries())
          places.push({
            id: `c${index}`,
            engine: chooseEngine(new Set([`c${index}`]), { count, placed: places }),
            bitrate,
          })
        const loads = loadsOf({ count, placed: places })
        const room = loads.filter(({ channels }) => channels < CHANNELS_PER_ENGINE)
        expect(loads.reduce((sum, { channels }) => sum + channels, 0)).toBe(rates.length)
        if (rates.length <= count * CHANNELS_PER_ENGINE)
          expect(Math.max(...loads.map(({ channels }) => channels))).toBeLessThanOrEqual(CHANNELS_PER_ENGINE)
        const [most, least] = [Math.max(...loads.map((l) => l.bitrate)), Math.min(...room.map((l) => l.bitrate))]
        if (room.length === count) expect(most - least).toBeLessThanOrEqual(Math.max(0, ...rates))
      }),
    )
  })
})

const listening = (id: string, url: string, over: Partial<ChannelConfig> = {}) =>
  channelConfig({ id, slug: id, name: id, input_url: url, outputs: [], ...over })
const ids = (group: ReadonlySet<string>) => [...group].sort()

describe("groupOf", () => {
  const ingest = { port: 9999, passphrase: null }
  const a = listening("a", "srt://:7000?mode=listener&streamid=a")
  const b = listening("b", "srt://:7000?mode=listener&streamid=b")
  const c = listening("c", "srt://:7001?mode=listener&streamid=c")
  const atIngest = (id: string) => listening(id, "srt://:9999?mode=listener")

  it("holds the channels whose SRT inputs wait at one port", () => {
    expect(ids(groupOf(a, [a, b, c], null))).toEqual(["a", "b"])
    expect(ids(groupOf(c, [a, b, c], null))).toEqual(["c"])
  })

  it("holds all whose inputs wait at the ingest port", () => {
    const [x, y] = [atIngest("x"), atIngest("y")]
    expect(ids(groupOf(x, [a, x, y], ingest))).toEqual(["x", "y"])
  })

  it("holds callers that send from one local port", () => {
    const caller = (id: string, port: number) =>
      channelConfig({ id, outputs: [outputConfig({ url: `srt://192.0.2.1:9000?localport=${port}` })] })
    const [x, y, z] = [caller("x", 5555), caller("y", 5555), caller("z", 5556)]
    expect(ids(groupOf(x, [x, y, z], null))).toEqual(["x", "y"])
  })

  it("goes on over a channel with two ports", () => {
    const both = listening("both", "srt://:7000?mode=listener&streamid=1", {
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 7001,
      backup_input_url: "srt://:7001?mode=listener&streamid=2",
    })
    expect(ids(groupOf(a, [a, both, c], null))).toEqual(["a", "both", "c"])
  })

  it("is the channel alone where nothing is shared", () => {
    const plain = channelConfig({ id: "plain" })
    expect(ids(groupOf(plain, [plain, a, channelConfig({ id: "other" })], null))).toEqual(["plain"])
  })

  it("is the same seen from each of its channels", () => {
    const channel = fc.record({
      port: fc.integer({ min: 7000, max: 7004 }),
      backup: fc.integer({ min: 7000, max: 7004 }),
    })
    fc.assert(
      fc.property(fc.array(channel, { minLength: 1, maxLength: 12 }), (ports) => {
        const all = ports.map(({ backup, port }, n) =>
          listening(`c${n}`, `srt://:${port}?mode=listener&streamid=p${n}`, {
            backup_rtp_ip: "0.0.0.0",
            backup_rtp_port: backup,
            backup_input_url: `srt://:${backup}?mode=listener&streamid=b${n}`,
          }),
        )
        for (const one of all) {
          const group = groupOf(one, all, null)
          for (const other of all.filter(({ id }) => group.has(id)))
            expect(ids(groupOf(other, all, null))).toEqual(ids(group))
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe("splitPort", () => {
  it("names the channel on another engine that has the port", () => {
    const a = listening("a", "srt://:7000?mode=listener&streamid=a")
    const b = listening("b", "srt://127.0.0.1:7000?mode=listener&streamid=b")
    const elsewhere = [{ engine: 2, ports: sharedPorts(b, null) }]
    const [mine = expect.fail("it shares no port")] = sharedPorts(a, null)
    expect(splitPort(mine, elsewhere)).toEqual({
      port: 7000,
      owner: 'the primary input of channel "b"',
      engine: 2,
    })
    expect(splitPort({ ...mine, port: 7001 }, elsewhere)).toBeNull()
    expect(splitPort({ ...mine, ip: "127.0.0.2" }, elsewhere)).toBeNull()
  })
})

describe("bitrateOf", () => {
  const [on, off] = [outputConfig({ id: "on" }), outputConfig({ id: "off", enabled: false })]
  const config = channelConfig({ outputs: [on, off] })
  const at = (ms: number, received: number, sent: number, session = "s") =>
    engineStats(
      [
        channelStats({
          id: config.id,
          legs: [legStats({ counters: { bytes: received } })],
          outputs: [outputStats({ id: "on", session, url: on.url, bytes_sent: sent })],
        }),
      ],
      ms,
    )

  it("is what was received and sent in the last second", () => {
    const figures = { previous: at(1000, 1000, 500), stats: at(3000, 501_000, 1_000_500) }
    expect(bitrateOf(config, figures)).toBe(2_000_000 + 4_000_000)
  })

  it("goes on above 2^32 bytes", () => {
    const figures = {
      previous: at(0, 2 ** 32 - 1000, 2 ** 32),
      stats: at(1000, 2 ** 32 + 999_000, 2 ** 32 + 1_000_000),
    }
    expect(bitrateOf(config, figures)).toBe(16_000_000)
  })

  it("expects 8 Mbit/s of each source and output of which nothing is known", () => {
    const nothing = { previous: null, stats: null }
    expect(bitrateOf(config, nothing)).toBe(2 * EXPECTED_BITRATE)
    expect(bitrateOf({ ...config, backup_rtp_port: 5001 }, nothing)).toBe(3 * EXPECTED_BITRATE)
  })

  it("expects of an output that sends nothing yet what its channel receives", () => {
    const figures = { previous: at(0, 0, 900, "before"), stats: at(1000, 250_000, 0) }
    expect(bitrateOf(config, figures)).toBe(2_000_000 * 2)
  })
})

describe("capacityProblems", () => {
  const many = (n: number, engine = 1) =>
    Array.from({ length: n }, (_, i) => ({ id: `${engine}-${i}`, engine, bitrate: 0 }))

  it.each([
    [1, 57, false],
    [1, 58, true],
    [1, 64, true],
    [2, 115, false],
    [2, 116, true],
  ])("tells with %i engines and %i channels that few places are left: %s", (count, channels, told) => {
    const half = Math.ceil(channels / count)
    const places = [...many(half), ...many(channels - half, 2)]
    const problems = capacityProblems({ count, placed: places }, [])
    expect(problems.length).toBe(told ? 1 : 0)
    if (told)
      expect(problems[0]).toMatch(new RegExp(`^${channels} of the ${count * 64} places .* Set ENGINES above ${count}`))
  })

  it("tells that a port is shared by almost as many channels as an engine carries", () => {
    const groups = (channels: number) => capacityProblems({ count: 4, placed: [] }, [{ port: 9999, channels }])
    expect(groups(57)).toEqual([])
    expect(groups(58)[0]).toMatch(/^58 channels share UDP port 9999, .* give some of them another port$/)
  })
})
