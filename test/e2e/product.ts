/** Runs the real product as a child process on free ports and a temporary data directory, for end-to-end tests. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { crowding } from "../../load-tests/lib/patience.ts"
import { serviceEnvironment } from "../../scripts/service-environment.mjs"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import type { Health } from "../../src/effects/show/health-of.ts"
import { freeTcpPort } from "./ports.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
/** Folder of what is started: the sources, or the bundles of scripts/bundle-product.mjs, which start sooner. */
export const home = process.env["PRODUCT_HOME"] ?? root

export interface Answer<T> {
  readonly status: number
  readonly body: T
  readonly headers: Headers
}

export interface ProductOptions {
  readonly runtime?: "bun" | "deno"
  readonly env?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
  /** Keeps the store of an earlier run. */
  readonly dataDir?: string
  readonly port?: number
  /** The key of every request stands there once it is ready. */
  readonly keyFile?: string
  /** Command to run it by, as `nsenter ...`. */
  readonly by?: ReadonlyArray<string>
  /** Where it is asked; default 127.0.0.1. Where it listens is in `env`. */
  readonly host?: string
}

/** Time between two looks, in ms: at memory of our own, and at another process, which has other work to do. */
const LOOK_MS = 25
const ASK_MS = 100

/** Longest wait in ms for what a test names no time for: it ends what hangs, and leaves room for a busy machine. */
const PATIENCE_MS = 30_000
/**
 * Resolves with the first result of `look` that is not null or undefined. Rejects after `ms`, or longer on a machine that
 * is slow or busy, naming what was awaited: `what` as it reads by then.
 */
export const eventually = async <T>(
  what: string | (() => string),
  look: () => Promise<T | null | undefined> | T | null | undefined,
  ms = PATIENCE_MS,
): Promise<T> => {
  // A share of the wait is used up by each look, by how crowded the machine was meanwhile.
  let used = 0
  let problem = ""
  for (;;) {
    const began = performance.now()
    let pause = LOOK_MS
    try {
      const answer = look()
      if (answer instanceof Promise) pause = ASK_MS
      const found = await answer
      if (found !== null && found !== undefined) return found
    } catch (cause) {
      problem = ` (${cause instanceof Error ? cause.message : String(cause)})`
    }
    if (used > ms) {
      const awaited = typeof what === "string" ? what : what()
      throw new Error(`not within ${ms} ms: ${awaited}${problem}`)
    }
    // A look that takes long leaves as much time to what it waits for.
    await new Promise((resolve) => setTimeout(resolve, Math.max(pause, performance.now() - began)))
    used += (performance.now() - began) / crowding()
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export class Product {
  readonly url: string
  readonly dataDir: string
  readonly port: number
  readonly child: ChildProcess
  output = ""
  /** Sent with every request; undefined for none. */
  readonly #key: () => string | undefined
  readonly #engines = new Set<number>()

  private constructor(
    child: ChildProcess,
    dataDir: string,
    port: number,
    host: string,
    apiKey: () => string | undefined,
  ) {
    this.child = child
    this.#key = apiKey
    this.dataDir = dataDir
    this.port = port
    this.url = `http://${host}:${port}`
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.output += String(chunk)))
  }

  /** Starts it and waits until it is ready. */
  static async start(options: ProductOptions = {}): Promise<Product> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "distributor-"))
    const port = options.port ?? (await freeTcpPort())
    const bin = join(root, "node_modules", ".bin", options.runtime ?? "bun")
    const main = join(options.runtime === "deno" ? root : home, "src", "main.ts")
    const args = [...(options.runtime === "deno" ? ["run", "-A", main] : [main]), ...(options.args ?? [])]
    const [command = bin, ...rest] = [...(options.by ?? []), bin, ...args]
    const env = {
      ...process.env,
      // As `npm start` and the image have it.
      ...serviceEnvironment,
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG_FORMAT: "json",
      // What begins just before it wraps is refused in production.
      NODE_ENV: process.env["OLD_MACHINE"] === undefined ? "production" : "test",
      // A decoder for every channel that starts is a load that only the tests of pictures need.
      THUMBNAILS: "off",
      // One engine whatever the machine: most tests are about what happens in one.
      ENGINES: "1",
      ...options.env,
    }
    const product = new Product(
      spawn(command, rest, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] }),
      dataDir,
      port,
      options.host ?? "127.0.0.1",
      () => (options.keyFile === undefined ? options.env?.["API_KEY"] : readFileSync(options.keyFile, "utf8").trim()),
    )
    await product.ready()
    return product
  }

  /** Waits for /readyz; fails at once with its output when the process has ended. */
  async ready(ms = 2 * PATIENCE_MS): Promise<void> {
    await eventually(
      "the product is ready",
      async () => {
        if (this.child.exitCode !== null) return "ended"
        const answer = await fetch(`${this.url}/readyz`).catch(() => null)
        return answer?.status === 200 ? "ready" : null
      },
      ms,
    ).then(async (state) => {
      if (state === "ended") throw new Error(`the product ended with ${this.child.exitCode}:\n${this.output}`)
      await this.enginePid()
    })
  }

  async api<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const key = this.#key()
    const init: RequestInit = {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "X-API-Key": key }),
        ...headers,
      },
    }
    if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body)
    const answer = await fetch(`${this.url}${path}`, init)
    const text = await answer.text()
    return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as T, headers: answer.headers }
  }

  /** A channel that is started; throws with the problem when it is refused. */
  async channel(input: Record<string, unknown>): Promise<ChannelView> {
    const created = await this.api<ChannelView>("POST", "/api/channels", input)
    if (created.status !== 201) throw new Error(JSON.stringify(created.body))
    await this.api("POST", `/api/channels/${created.body.id}/start`)
    return created.body
  }

  async addOutput(channel: string, input: Record<string, unknown>): Promise<OutputView> {
    const created = await this.api<OutputView>("POST", `/api/channels/${channel}/outputs`, input)
    if (created.status !== 201) throw new Error(JSON.stringify(created.body))
    return created.body
  }

  async view(channel: string): Promise<ChannelView> {
    return (await this.api<ChannelView>("GET", `/api/channels/${channel}`)).body
  }

  /** Waits until the channel satisfies `found`; returns what `found` returned. */
  until<T>(
    what: string,
    channel: string,
    found: (view: ChannelView) => T | null | undefined | false,
    ms = PATIENCE_MS,
  ): Promise<T> {
    return eventually(what, async () => found(await this.view(channel)) || null, ms)
  }

  async health(): Promise<Health> {
    return (await this.api<Health>("GET", "/api/health")).body
  }

  async enginePid(): Promise<number> {
    const pid = await eventually("the engine is connected", async () => (await this.health()).engine.pid)
    await this.engines()
    return pid
  }

  /** The engines by number, as the health of the service has them. */
  async engines(): Promise<Health["engines"]> {
    const { engines } = await this.health()
    for (const { pid } of engines) if (pid !== null) this.#engines.add(pid)
    return engines
  }

  engineLog(): string {
    return readFileSync(join(this.dataDir, "engine.log"), "utf8")
  }

  /** Sends a signal to the control plane and waits for its end; the exit code. */
  async kill(signal: NodeJS.Signals, ms = 8000): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", (code) => resolve(code)))
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    this.child.kill(signal)
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the product did not end within ${ms} ms of ${signal}:\n${this.output}`)),
        ms,
      )
    })
    return Promise.race([ended, late]).finally(() => clearTimeout(timer))
  }

  /** Ends it and every engine seen, and removes its data. */
  async dispose(): Promise<void> {
    await this.kill("SIGTERM").catch(() => this.kill("SIGKILL"))
    for (const pid of this.#engines) if (isAlive(pid)) process.kill(pid, "SIGKILL")
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  engineAlive(pid: number): boolean {
    return isAlive(pid)
  }
}
