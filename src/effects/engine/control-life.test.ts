import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeLogCopy } from "../config/log-copy.ts"
import { type ControlLife, type Machine, makeControlLife } from "./control-life.ts"

const CARRIED = { engines: 1, channels: ["11111111-1111-4111-8111-111111111111"] }
const MACHINE: Machine = { boot: "first", oom_kills: 3 }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "distributor-life-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const life = (machine: Machine = MACHINE, copy = makeLogCopy()) => makeControlLife(folder, copy, () => machine)
/** A life that begins, carries a channel, and then `acts`. */
const lived = (acts: (one: ControlLife) => void = () => {}) => {
  const one = life()
  one.begin()
  one.look(CARRIED)
  acts(one)
}
const whyIn = (machine?: Machine) => life(machine).before()?.why

describe("the life of a control plane", () => {
  it("leaves nothing when it ends as it should, or never began", () => {
    life().look(CARRIED)
    expect(readdirSync(folder)).toEqual([])
    lived((one) => one.end())
    expect(life().before()).toBeNull()
  })

  it("leaves what it carried, its figures and the end of its log when it is gone without a word", () => {
    const copy = makeLogCopy()
    copy.add("before it began\n")
    const one = life(MACHINE, copy)
    one.begin()
    one.look(CARRIED)
    copy.add("\u001b[32mlast words\u001b[39m\n")
    expect(life().before()).toMatchObject({
      pid: process.pid,
      channels: CARRIED.channels,
      figures: { engines: 1, channels: 1 },
      log: "before it began\nlast words\n",
    })
    expect(statSync(join(folder, "control.json")).mode & 0o077).toBe(0)
    expect(statSync(join(folder, "control.log")).mode & 0o077).toBe(0)
  })

  it("begins the log anew, and so does the next one", () => {
    writeFileSync(join(folder, "control.log"), "of one long gone\n")
    lived()
    expect(life().before()?.log).toBe("")
  })

  it.each<[string, Machine, (one: ControlLife) => void, RegExp]>([
    ["kill -9", MACHINE, () => {}, /left no reason: kill -9, or a fault of the runtime; not for lack of memory/],
    ["the kernel, for memory", { ...MACHINE, oom_kills: 5 }, () => {}, /for lack of memory: the kernel ended 2 proc/],
    ["nobody knows", { boot: "first", oom_kills: null }, () => {}, /left no reason: out of memory, or kill -9$/],
    ["a power cut", { boot: "second", oom_kills: 0 }, () => {}, /ended with the machine, which was started anew$/],
    ["an end that took too long", MACHINE, (one) => one.told("SIGTERM"), /was told to end by SIGTERM, and was killed/],
    ["an error", MACHINE, (one) => one.dies("TypeError: no"), /an error that nobody caught: TypeError: no$/],
  ])("says why, as far as it is known: %s", (_, machine, acts, words) => {
    lived(acts)
    expect(whyIn(machine)).toMatch(words)
    expect(whyIn(machine)).toContain(`the control plane (pid ${process.pid}) `)
  })

  it("finds nothing in a file that is damaged", () => {
    writeFileSync(join(folder, "control.json"), "{")
    expect(life().before()).toBeNull()
  })

  it("keeps 64 kB of a long log in memory, and a file of 256 kB at most", () => {
    const copy = makeLogCopy()
    const file = join(folder, "control.log")
    copy.keepIn(file)
    const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n} ${"x".repeat(90)}\n`)
    let largest = 0
    for (const line of lines) {
      copy.add(line)
      largest = Math.max(largest, statSync(file).size)
    }
    expect(largest).toBeLessThanOrEqual(262_144)
    lived()
    writeFileSync(file, lines.join(""))
    const { log } = life().before() ?? { log: "" }
    expect(log.length).toBeGreaterThan(65_000)
    expect(log.length).toBeLessThanOrEqual(65_536)
    expect(log.startsWith("line ")).toBe(true)
    expect(log.endsWith(lines.at(-1) ?? "?")).toBe(true)
    expect(readFileSync(file, "utf8").length).toBeGreaterThan(262_144)
  })
})
