/** Runs the engine as a process, as in production, and talks NDJSON over its socket. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as v from "valibot"
import { crowding } from "../../load-tests/lib/patience.ts"
import { policyOf } from "../../src/effects/config/input-policy.ts"
import { LineReader } from "../../src/engine/protocol/line-reader.ts"
import {
  type ChannelStats,
  type Command,
  Event,
  type LegName,
  type LegSpec,
  type LegStats,
  type OutputStats,
  PROTOCOL_VERSION,
  Reply,
} from "../../src/engine/protocol/messages.ts"
import { engineSocketPath } from "../../src/engine/protocol/socket-path.ts"
import { EngineEvents } from "./engine-events.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, home } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const runtime = join(root, "node_modules", ".bin", "bun")
const Outgoing = v.union([Reply, Event])

export interface EngineProcessOptions {
  /** Words before the command, e.g. `ip netns exec NAME`. */
  readonly within?: ReadonlyArray<string>
  /** Modules that the runtime loads first, to make something fail that does not fail by itself. */
  readonly preload?: ReadonlyArray<string>
}

export class EngineProcess extends EngineEvents {
  readonly child: ChildProcess
  readonly #dataDir: string
  #socket: Socket | null = null
  #requests = 0
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  log = ""

  private constructor(child: ChildProcess, dataDir: string) {
    super()
    this.child = child
    this.#dataDir = dataDir
    child.stderr?.on("data", (chunk) => (this.log += String(chunk)))
  }

  static async start(options: EngineProcessOptions = {}): Promise<EngineProcess> {
    const dataDir = mkdtempSync(join(tmpdir(), "engine-"))
    const preload = (options.preload ?? []).flatMap((path) => ["--preload", path])
    const [command = runtime, ...args] = [
      ...(options.within ?? []),
      runtime,
      ...preload,
      // Modules that are loaded first reach those of the engine by their paths, which bundles do not have.
      join(preload.length > 0 ? root : home, "src/engine/main.ts"),
      "--data-dir",
      dataDir,
    ]
    const started = new EngineProcess(spawn(command, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] }), dataDir)
    try {
      await eventually("the engine answers", () =>
        started.#connect(engineSocketPath(dataDir)).catch(() => started.#checkAlive()),
      )
      await started.ask({ cmd: "hello", protocol: PROTOCOL_VERSION, pid: process.pid })
    } catch (cause) {
      await started.dispose()
      throw cause
    }
    return started
  }

  get pid(): number {
    return this.child.pid ?? -1
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  #checkAlive(): null {
    if (!this.alive)
      throw new Error(`the engine ended with ${this.child.exitCode ?? this.child.signalCode}: ${this.log}`)
    return null
  }

  #connect(path: string): Promise<true> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      const reader = new LineReader(64 << 20)
      socket.once("error", reject)
      socket.once("connect", () => {
        this.#socket = socket
        resolve(true)
      })
      socket.on("data", (chunk: Buffer) => {
        for (const line of reader.push(chunk)) this.#take(v.parse(Outgoing, JSON.parse(line)))
      })
    })
  }

  #take(message: Reply | Event): void {
    if ("event" in message) this.events.push(message)
    else this.#waiting.get(message.re)?.(message)
  }

  ask(command: Command, ms = 10_000): Promise<Reply> {
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the engine did not answer ${command.cmd} within ${ms} ms:\n${this.log}`)),
        ms * crowding(),
      )
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(reply)
      })
      this.#socket?.write(`${JSON.stringify({ ...command, id })}\n`)
    })
  }

  /** Makes a channel with one open leg on a free port of 127.0.0.1, and returns the port. */
  async channel(more: Partial<LegSpec> = {}): Promise<number> {
    const port = more.port ?? (await freeUdpPort())
    const legs: LegSpec[] = [{ name: "primary", ip: "127.0.0.1", ...more, port }]
    const before = this.legMessages("open").length
    await this.putLegs(legs)
    await this.legSaid("open", before + 1)
    return port
  }

  putLegs(legs: ReadonlyArray<LegSpec>, settings: Parameters<typeof policyOf>[0] = {}, id = "c1"): Promise<Reply> {
    const channel = { id, label: id, legs: [...legs], policy: policyOf(settings) }
    return this.ask({ cmd: "put_channel", channel })
  }

  open(url: string, id = "o1", channel = "c1"): Promise<Reply> {
    return this.ask({ cmd: "open_output", channel_id: channel, output: { id, label: id, session: `s-${id}`, url } })
  }

  async connect(url: string, id = "o1", channel = "c1"): Promise<void> {
    await this.open(url, id, channel)
    await this.outputIs(id, "connected")
  }

  async channelStats(id = "c1"): Promise<ChannelStats> {
    const reply = await this.ask({ cmd: "state" })
    const channel = reply.ok ? reply.stats?.channels.find((one) => one.id === id) : undefined
    if (channel === undefined) throw new Error(`the engine has no channel: ${JSON.stringify(reply)}`)
    return channel
  }

  async leg(name: LegName = "primary", channel = "c1"): Promise<LegStats> {
    const leg = (await this.channelStats(channel)).legs.find((one) => one.name === name)
    if (leg === undefined) throw new Error(`the channel has no ${name} leg`)
    return leg
  }

  async output(id = "o1"): Promise<OutputStats> {
    const output = (await this.channelStats()).outputs.find((o) => o.id === id)
    if (output === undefined) throw new Error(`the channel has no output ${id}`)
    return output
  }

  /** Stops the whole process with all its threads for `ms`. */
  async freeze(ms: number): Promise<void> {
    this.child.kill("SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.child.kill("SIGCONT")
  }

  /** Ends the engine as the control plane does: when this resolves, what its outputs were writing is on disk. */
  async shutDown(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve))
    await this.ask({ cmd: "shutdown" })
    await ended
  }

  async dispose(): Promise<void> {
    this.#socket?.destroy()
    if (this.alive) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve))
      this.child.kill("SIGKILL")
      await ended
    }
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}
