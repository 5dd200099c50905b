import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"
import { eventually } from "./e2e/product.ts"

const helper = fileURLToPath(new URL("../scripts/own-session.mjs", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "own-session-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Begins a program that tells its id, session and argument once it has a session of its own, and then does `rest`. */
const start = (name: string, rest: string) => {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(
    path,
    `import { readFileSync } from "node:fs"
     import { inOwnSession } from ${JSON.stringify(helper)}
     await inOwnSession()
     const session = readFileSync("/proc/self/stat", "utf8").replace(/^.*\\) /s, "").split(" ")[3]
     console.log([process.pid, session, process.argv[2]].join(" "))
     ${rest}`,
  )
  return spawn("node", [path, "told"], { stdio: ["ignore", "pipe", "inherit"] })
}
const told = async (child: ReturnType<typeof start>) => {
  const [line] = await once(child.stdout, "data")
  const [pid, session, argument] = String(line).trim().split(" ")
  return { pid: Number(pid), session: Number(session), argument }
}

it("goes on in a session of its own, with the arguments, and ends with the exit code", async () => {
  const child = start("ends", "process.exitCode = 7")
  const exit = once(child, "exit")
  const { argument, pid, session } = await told(child)
  expect(session).toBe(pid)
  expect(pid).not.toBe(child.pid)
  expect(argument).toBe("told")
  expect(await exit).toEqual([7, null])
})

it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends with %s, and what it has begun does, too", async (signal) => {
  const child = start(signal, 'await import("node:child_process").then((m) => m.execFileSync("sleep", ["60"]))')
  const exit = once(child, "exit")
  const { session } = await told(child)
  child.kill(signal)
  expect(await exit).toEqual([1, null])
  await eventually("nothing of its group is left", () => {
    try {
      process.kill(-session, 0)
    } catch {
      return true
    }
    return null
  })
})
