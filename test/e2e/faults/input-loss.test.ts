/**
 * A leg, or both, are away for a while; the outputs keep their connections and nobody has to do anything (rows 2 and 11
 * of the fault matrix).
 */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Feed } from "../channel-feed.ts"
import { FailoverStage, namesOf } from "../failover-stage.ts"
import { Product } from "../product.ts"

let product: Product
let feed: Feed

beforeAll(async () => {
  const started = await Promise.all([Product.start(), Feed.start()])
  product = started[0]
  feed = started[1]
})
afterAll(async () => {
  await feed.kill()
  await product.dispose()
})

/**
 * CPU time of a process in seconds: utime and stime of proc(5), in clock ticks of USER_HZ, which is 100 a second on
 * Linux.
 */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number)
  return (utime + stime) / 100
}

/** Share of a processor that the product takes while `during` runs. */
const load = async (during: () => Promise<unknown>): Promise<number> => {
  const pids = [await product.enginePid(), product.child.pid ?? 0]
  const used = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const [before, startedAt] = [used(), performance.now()]
  await during()
  return (used() - before) / ((performance.now() - startedAt) / 1000)
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.concurrent("rows 2 and 11: inputs that are away for a while", () => {
  it("row 2: both inputs stop: outputs stay connected, the state says why, nothing spins, and all goes on by itself", async ({
    onTestFinished,
  }) => {
    const on = await FailoverStage.open(product, feed, {
      name: "both",
      input: { failover_after_ms: 300 },
      srt: ["listener", "caller"],
    })
    onTestFinished(() => on.close())
    await on.ready()
    const running = await load(() => pause(1500))
    await Promise.all([on.primary.is("silent"), on.backup?.is("silent")])
    const silent = await on.until("it is an error", (v) => v.status === "error" && v)
    expect(silent.error).toMatch(/no packets on 127\.0\.0\.1:\d+ for 5 s/)
    expect(silent.alarms).toContainEqual(expect.objectContaining({ kind: "no_input", severity: "critical" }))
    // No leg is better than the other, so nothing switches to and fro.
    expect(silent.input.switches).toBe(0)
    expect(silent.outputs.map(({ status }) => status)).toEqual(["connected", "connected", "connected"])
    const idle = await load(() => pause(1500))
    // Other channels run beside this one; a loop that spins would take a whole processor more.
    expect(idle).toBeLessThan(running + 0.3)

    const read = on.udp.datagrams.length
    await Promise.all([on.primary.is("none"), on.backup?.is("none")])
    await on.udp.atLeast(read + 100)
    await on.until("it runs without alarm", (v) => v.status === "running" && v.error === null && v.alarms.length === 0)
    await on.checkOutputsStayed()
    const report = on.report()
    expect(namesOf(report)).toEqual(["A"])
    // The pause is the network's, so no flag hides what was missed, and nothing else is wrong.
    const allowed = ["continuity", "pcr_jump", "stamp_repetition", "pes"]
    expect(report.violations.filter(({ kind }) => !allowed.includes(kind))).toEqual([])
    const kinds = (await on.events()).map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(["no_input", "input_back", "leg_lost", "leg_back"]))
    expect(kinds.filter((kind) => kind === "switched")).toEqual([])
  })

  it("row 2: the backup comes back first and is taken", async ({ onTestFinished }) => {
    const on = await FailoverStage.open(product, feed, {
      name: "backup first",
      input: { failover_after_ms: 300, failback: "manual" },
    })
    onTestFinished(() => on.close())
    await on.ready()
    await Promise.all([on.primary.is("silent"), on.backup?.is("silent")])
    await on.event("leg_lost", 2)
    await on.backup?.is("none")
    await on.shows("B", 0.5)
    const report = on.report()
    expect(namesOf(report)).toEqual(["A", "B"])
    expect(report.violations).toEqual([])
    await on.until(
      "it is shown",
      (v) => v.active_source === "backup" && v.status === "running" && v.input.switches === 1,
    )
  })

  it("row 11: the backup is dead for 6 s: redundancy is lost, with alarm and event; the outputs notice nothing", async ({
    onTestFinished,
  }) => {
    const on = await FailoverStage.open(product, feed, {
      name: "no backup",
      input: { failover_after_ms: 300 },
      srt: ["listener"],
    })
    onTestFinished(() => on.close())
    await on.ready()
    await on.backup?.is("silent")
    expect(await on.event("leg_lost")).toMatchObject({
      source: "backup",
      message: expect.stringMatching(/no packets for 300 ms/),
    })
    expect(await on.event("redundancy_lost")).toMatchObject({ source: "backup", severity: "warning" })
    const lost = await on.until("the alarm", (v) => v.alarms.length > 0 && v)
    expect(lost.alarms).toEqual([
      expect.objectContaining({ kind: "redundancy_lost", message: expect.stringMatching(/backup/) }),
    ])
    expect(lost).toMatchObject({
      status: "running",
      active_source: "primary",
      input: { redundancy: "lost", switches: 0 },
    })
    expect(lost.input.legs).toMatchObject([{ receiving: true }, { receiving: false, verdict: "lost" }])
    await pause(6000 - 3500)
    await on.backup?.is("none")
    expect(await on.event("leg_back")).toMatchObject({ source: "backup" })
    expect(await on.event("redundancy_back")).toMatchObject({ severity: "info" })
    await on.until("the alarm is gone", (v) => v.alarms.length === 0 && v.input.redundancy === "ok")
    await on.checkOutputsStayed()
    const report = on.report()
    expect(report.violations).toEqual([])
    expect(report.segments).toHaveLength(1)
    await on.checkReceivers(["A"])
  })

  it("row 11: a backup that never came is missed", async ({ onTestFinished }) => {
    const on = await FailoverStage.open(product, feed, { name: "never came", backupLeg: { illness: "silent" } })
    onTestFinished(() => on.close())
    expect(await on.event("redundancy_lost", 1, 12_000)).toMatchObject({ source: "backup" })
    await on.until("the alarm", (v) => v.alarms.some(({ kind }) => kind === "redundancy_lost"))
    expect(await on.view()).toMatchObject({ status: "running", active_source: "primary", input: { switches: 0 } })
    expect(on.report().violations).toEqual([])
  })
})
