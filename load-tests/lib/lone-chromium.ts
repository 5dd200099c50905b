/**
 * A Chromium with one page and nothing attached to it but single questions of the DevTools protocol. Automation tools
 * have a page keep the bodies of what it has loaded, which looks like a page that grows.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { commandLine, pssBytes } from "../bench/proc.ts"

const STARTS_WITHIN_MS = 30_000

export interface PageMemory {
  /** PSS of the page's process, bytes. */
  readonly renderer: number
  /** PSS of all processes of the browser, bytes. */
  readonly browser: number
}

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: never
  readonly result?: never
  readonly error?: { readonly message: string }
}

export interface LoneChromium {
  /** Asks the page one thing by the DevTools protocol. */
  readonly ask: <T>(method: string, params?: object) => Promise<T>
  /** Tells of each event of that name from now on. */
  readonly on: <T>(event: string, listener: (params: T) => void) => void
  readonly memory: () => PageMemory
  /** Processor time that the page's main thread has used so far, in ms. */
  readonly mainThreadMs: () => number
  readonly close: () => Promise<void>
}

const parentOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
  } catch {
    return 0
  }
}

/** A process and everything below it. */
const familyOf = (root: number): ReadonlyArray<number> => {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  )
  const found = [root]
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child)
  return found
}

const connect = async (url: string) => {
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve())
    socket.addEventListener("error", () => reject(new Error(`DevTools at ${url} cannot be reached`)))
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  const listeners = new Map<string, (params: never) => void>()
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.id !== undefined) {
      waiting.get(answer.id)?.(answer)
      waiting.delete(answer.id)
    } else listeners.get(answer.method ?? "")?.(answer.params as never)
  })
  let last = 0
  return {
    ask: async <T>(method: string, params: object = {}): Promise<T> => {
      const id = ++last
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
      socket.send(JSON.stringify({ id, method, params }))
      const { error, result } = await answered
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result as T
    },
    on: <T>(event: string, listener: (params: T) => void): void =>
      void listeners.set(event, listener as (params: never) => void),
    close: () => socket.close(),
  }
}

/**
 * Starts a browser with `url` as its only page, as large as a monitor in a gallery.
 * @param script runs before those of the page
 */
export const startLoneChromium = async (url: string, script: string): Promise<LoneChromium> => {
  const program = "chromium-headless-shell"
  const profile = mkdtempSync(join(tmpdir(), "lone-chromium-"))
  const options = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=1920,1080",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ]
  const child = spawn(program, [...options, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] })
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    let said = ""
    child.stderr.on("data", (chunk) => {
      said += String(chunk)
      const found = /DevTools listening on ws:\/\/([^/]+)/.exec(said)
      if (found?.[1] !== undefined) resolve(found[1])
    })
    child.once("error", reject)
    setTimeout(() => reject(new Error(`${program} did not start: ${said}`)), STARTS_WITHIN_MS).unref()
  })
  const targets = (await (await fetch(`http://${address}/json`)).json()) as ReadonlyArray<{
    readonly type: string
    readonly webSocketDebuggerUrl: string
  }>
  const target = targets.find(({ type }) => type === "page")
  if (target === undefined) throw new Error(`${program} has no page`)
  const { ask, close, on } = await connect(target.webSocketDebuggerUrl)
  await ask("Page.enable")
  await ask("Page.addScriptToEvaluateOnNewDocument", { source: `{${script}\n}` })
  const loaded = new Promise<void>((resolve) => on("Page.loadEventFired", () => resolve()))
  await ask("Page.navigate", { url })
  await loaded
  await ask("Page.disable")

  const renderers = () => familyOf(child.pid ?? 0).filter((pid) => commandLine(pid).includes("--type=renderer"))
  const sum = (pids: ReadonlyArray<number>) => pids.reduce((bytes, pid) => bytes + pssBytes(pid), 0)
  return {
    ask,
    on,
    memory: () => ({ renderer: sum(renderers()), browser: sum(familyOf(child.pid ?? 0)) }),
    mainThreadMs: () =>
      renderers().reduce(
        (ms, pid) => ms + Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6,
        0,
      ),
    close: async () => {
      close()
      // What was started may be a script that starts the browser: the signal is for all below it.
      for (const pid of familyOf(child.pid ?? 0).toReversed()) {
        try {
          process.kill(pid, "SIGTERM")
        } catch {
          // It has ended with another of them.
        }
      }
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
