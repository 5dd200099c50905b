import { assert, describe, it } from "vitest"
import { capacityOf, isClean } from "./engines.ts"
import type { Measured } from "./measure.ts"
import { commandLine, cpuSeconds, pidsMarked, rssBytes, stealSeconds } from "./proc.ts"
import { judge, median } from "./targets.ts"

const measured = (part: string, figures: Partial<Measured>): Measured => ({
  part,
  channels: 25,
  outputs: 50,
  seconds: 12,
  packets: 456_000,
  cpu_us_per_packet: 8,
  cpu_percent_per_output: 0.6,
  cores: { engine: 0.3, control: 0.01 },
  rss_mib: 120,
  pss_mib: 100,
  asked: null,
  received: 456_000,
  lost: 0,
  corrupt: 0,
  duplicated: 0,
  out_of_order: 0,
  cc_errors: 0,
  sink_kernel_drops: 0,
  gap_max_ms: 10,
  delay_us: { p50: 400, p99: 1200, max: 5000 },
  own: { input_drops: 0, failed_sends: 0 },
  sink_cores: 0.2,
  sender_cores: 0.2,
  sender_late_max_us: 500,
  steal_cores: 0,
  ...figures,
})
const resultOf = (results: ReadonlyArray<Measured>, target: RegExp) =>
  judge(results).find((verdict) => target.test(verdict.target))

describe("the targets", () => {
  it("takes the median of the runs before the ratio", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 2, 3]), 2.5)
    const runs = [4, 4, 30].map((cpu_us_per_packet) => measured("ours", { cpu_us_per_packet }))
    const verdict = resultOf([...runs, measured("ffmpeg", { cpu_us_per_packet: 28 })], /ffmpeg/)
    assert.deepInclude(verdict, { measured: "0.14 (4.00 / 28.00 us)", result: "pass" })
  })

  it("misses a ratio above its limit, any lost packet, and a slow tail", () => {
    const results = [
      measured("ours", { cpu_us_per_packet: 9, lost: 1 }),
      measured("c-relay", { cpu_us_per_packet: 8 }),
      measured("ours-udp", { delay_us: { p50: 900, p99: 5100, max: 9000 } }),
    ]
    assert.strictEqual(resultOf(results, /C relay/)?.result, "MISS")
    assert.strictEqual(resultOf(results, /lost/)?.result, "MISS")
    assert.strictEqual(resultOf(results, /p50/)?.result, "pass")
    assert.strictEqual(resultOf(results, /p99/)?.result, "MISS")
  })

  it("judges capacity by the engine's cores and its own counters", () => {
    const results = [
      measured("capacity", {
        channels: 50,
        outputs: 100,
        cores: { engine: 0.55, control: 0.3 },
        own: { input_drops: 0, failed_sends: 2 },
      }),
    ]
    assert.deepInclude(resultOf(results, /engine at 50x2/), { measured: "0.55 core", result: "pass" })
    assert.deepInclude(resultOf(results, /input drops/), { measured: "2", result: "MISS" })
  })

  it("says what was not measured", () => {
    assert.isTrue(judge([]).every(({ result }) => result === "not measured"))
  })
})

describe("process figures", () => {
  it("reads this process's CPU time, memory and environment", () => {
    assert.isAbove(cpuSeconds(process.pid) ?? 0, 0)
    assert.isAbove(rssBytes(process.pid), 1e6)
    assert.isAtLeast(stealSeconds(), 0)
    assert.notStrictEqual(commandLine(process.pid), "")
    assert.isNull(cpuSeconds(2 ** 22 + 1))
    assert.deepStrictEqual(pidsMarked("NO_PROCESS_HAS_THIS", "value"), [])
  })
})

describe("engines", () => {
  const step = (engines: number, packets: number, figures: Partial<Measured> = {}) => ({
    engines,
    measured: measured(`engines-${engines}`, { packets, received: packets, seconds: 10, ...figures }),
  })

  it("have the capacity of the highest load of which nothing was lost", () => {
    const steps = [
      step(1, 1000),
      step(1, 2000),
      step(1, 3000, { own: { input_drops: 1, failed_sends: 0 } }),
      step(2, 1000),
      step(2, 4000),
      step(2, 6000, { lost: 5 }),
    ]
    assert.deepStrictEqual(
      [1, 2, 3].map((engines) => capacityOf(steps, engines)),
      [200, 400, 0],
    )
  })

  it("are not blamed for what the sink's own kernel dropped", () => {
    assert.isTrue(isClean(measured("engines-1", { lost: 3, sink_kernel_drops: 3 })))
    assert.isFalse(isClean(measured("engines-1", { lost: 3 })))
    assert.isFalse(isClean(measured("engines-1", { own: { input_drops: 0, failed_sends: 1 } })))
    assert.isFalse(isClean(measured("engines-1", { packets: 1000, received: 960 })))
  })
})
