// These tests run in processes of their own, because a process may not get back what it has given away of its priority.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { CONTROL_PLANE_NICE, ENGINE_NICE } from "./priority.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const module = pathToFileURL(join(root, "src", "engine", "system", "priority.ts")).href
const isRoot = process.getuid?.() === 0
const RUNTIMES = [
  ["bun", ["-e"]],
  ["deno", ["eval"]],
] as const

/** Beginning of each script. `nice(pid)` returns a nice value, that of a thread with "self/task/TID". */
const HEAD = `
import { spawn, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { raisePriority, raiseSession, raiseThreads, withGivenPriority } from ${JSON.stringify(module)}
const nice = (of) => Number(readFileSync("/proc/" + of + "/stat", "utf8").split(") ").at(-1).split(" ")[16])
const childOf = (start) => { const child = start(); const found = nice(child.pid); child.kill("SIGKILL"); return found }
const sleep = () => spawn("sleep", ["60"], { stdio: "ignore" })
const answer = (value) => process.stdout.write(JSON.stringify(value))
`
/**
 * Runs a script with `runtime`.
 * @param by command to run it by, as `setsid` and `nice`
 */
const run = (
  runtime: string,
  flags: ReadonlyArray<string>,
  script: string,
  by: ReadonlyArray<string> = [],
): unknown => {
  const [command = "", ...words] = [...by, join(root, "node_modules", ".bin", runtime), ...flags, HEAD + script]
  return JSON.parse(execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }))
}

describe("priorities", () => {
  it("of the engine come before those of the control plane, and these before other work", () => {
    expect(ENGINE_NICE).toBeLessThan(CONTROL_PLANE_NICE)
    expect(CONTROL_PLANE_NICE).toBeLessThan(0)
  })

  it("are allowed by the unit and by the compose file, which gives the product its weight too", () => {
    const unit = readFileSync(join(root, "deploy/systemd/stream-distributor.service"), "utf8")
    expect(Number(/^LimitNICE=(-\d+)$/m.exec(unit)?.[1])).toBeLessThanOrEqual(ENGINE_NICE)
    expect(Number(/^CPUWeight=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(100)
    const compose = readFileSync(join(root, "docker-compose.yml"), "utf8")
    // RLIMIT_NICE counts from 20 downwards.
    expect(20 - Number(/nice: (\d+) \}/.exec(compose)?.[1])).toBeLessThanOrEqual(ENGINE_NICE)
    expect(Number(/cpu_shares: (\d+)/.exec(compose)?.[1])).toBeGreaterThan(1024)
  })

  describe.skipIf(!isRoot).each(RUNTIMES)("on %s", (runtime, flags) => {
    it("are raised for the process, all its threads and the session that it leads", () => {
      const script = `
        const problem = raisePriority(-5)
        raiseThreads(-5)
        const threads = readdirSync("/proc/self/task").map((tid) => nice("self/task/" + tid))
        let autogroup = ""
        try { autogroup = readFileSync("/proc/self/autogroup", "utf8").trim().replace(/^.* nice/, "nice") } catch {}
        answer({ problem, own: nice("self"), others: [...new Set(threads)], autogroup })`
      const autogroup = existsSync("/proc/self/autogroup") ? "nice -5" : ""
      expect(run(runtime, flags, script, ["setsid", "--wait"])).toEqual({
        problem: null,
        own: -5,
        others: [-5],
        autogroup,
      })
    })

    it.skipIf(!existsSync("/proc/self/autogroup"))(
      "are raised for a session as soon as it is started, and nothing is thrown for one that has ended",
      () => {
        const script = `
        const child = spawn("sleep", ["60"], { stdio: "ignore", detached: true })
        raiseSession(child.pid, -10)
        const raised = readFileSync("/proc/" + child.pid + "/autogroup", "utf8").trim().replace(/^.* nice/, "nice")
        child.kill("SIGKILL")
        child.once("exit", () => {
          raiseSession(child.pid, -10)
          answer(raised)
        })`
        expect(run(runtime, flags, script)).toBe("nice -10")
      },
    )

    it("leave a session alone that others are in", () => {
      // The shell leads its session.
      const script = `
        const before = (() => { try { return readFileSync("/proc/self/autogroup", "utf8") } catch { return "" } })()
        raisePriority(-5)
        answer([nice("self"), before === (() => { try { return readFileSync("/proc/self/autogroup", "utf8") } catch { return "" } })()])`
      expect(run(runtime, flags, script, ["setsid", "--wait", "sh", "-c", '"$@"; exit $?', "sh"])).toEqual([-5, true])
    })

    it("are not inherited by programs that are started without them, but by others", () => {
      const script = `
        raisePriority(-5)
        const plain = childOf(sleep)
        const given = childOf(() => withGivenPriority(sleep))
        let thrown = null
        try { withGivenPriority(() => { throw new Error("no such program") }) } catch (error) { thrown = error.message }
        answer({ plain, given, thrown, own: nice("self") })`
      expect(run(runtime, flags, script)).toEqual({ plain: -5, given: 0, thrown: "no such program", own: -5 })
      // A process that was started with less priority than others gives its children that.
      expect(run(runtime, flags, script, ["nice", "-n", "3"])).toEqual({
        plain: -5,
        given: 3,
        thrown: "no such program",
        own: -5,
      })
    })
  })

  it.skipIf(!isRoot).each(RUNTIMES)(
    "that may not be had on %s are said in words, and nothing else changes",
    (runtime, flags) => {
      const script = `answer({ problem: raisePriority(-5), own: nice("self"), given: childOf(() => withGivenPriority(sleep)) })`
      expect(run(runtime, flags, script, ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-all", "--"])).toEqual({
        problem: expect.stringMatching(
          /^cannot raise the priority to -5 \(.+\); give it CAP_SYS_NICE or LimitNICE=-10$/,
        ),
        own: 0,
        given: 0,
      })
    },
  )
})
