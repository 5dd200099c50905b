/** Runs an Engine in this process, with the real packet core and, on request, the real libsrt. */
import { readFileSync } from "node:fs"
import { PacketCore } from "../../src/core/packet-core/packet-core.ts"
import { DEFAULT_SRT_STACK, type SrtStack, srtStackOf } from "../../src/core/srt/stack.ts"
import { policyOf } from "../../src/effects/config/input-policy.ts"
import { Engine } from "../../src/engine/engine.ts"
import type {
  ChannelStats,
  Command,
  EngineStats,
  LegName,
  LegSpec,
  LegStats,
  OutputStats,
  Reply,
  Request,
} from "../../src/engine/protocol/messages.ts"
import { openSrtLibrary, type SrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { EngineEvents } from "./engine-events.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"

/** Names a library that cannot be opened: the engine then has UDP and RTP outputs only, and starts at once. */
export const withoutSrt = (): SrtLibrary => openSrtLibrary({ DISTRIBUTOR_LIBSRT: "no-such-library.so" })

const missing = (what: string): never => {
  throw new Error(`the engine has no ${what}`)
}

export class EngineBench extends EngineEvents {
  readonly engine: Engine
  /** Lines that the engine logged. */
  readonly log: string[] = []
  #requests = 0
  #open = true

  private constructor(core: PacketCore, library: SrtLibrary, srtStack?: SrtStack) {
    super()
    this.engine = new Engine(
      core,
      library,
      (event) => this.events.push(event),
      (message) => this.log.push(message),
      srtStack,
    )
    this.engine.start()
  }

  /** Starts an engine; `countersFrom` is that of `PacketCore.instantiate`. */
  static async start(
    library: SrtLibrary = withoutSrt(),
    options: { readonly countersFrom?: number; readonly srtStack?: SrtStack } = {},
  ): Promise<EngineBench> {
    const core = await PacketCore.instantiate(readFileSync(new URL("../../build/core.wasm", import.meta.url)), options)
    return new EngineBench(core, library, options.srtStack ?? srtStackOf(process.env["SRT_STACK"]) ?? DEFAULT_SRT_STACK)
  }

  ask(command: Command): Reply {
    const reply = this.engine.handle({ ...command, id: ++this.#requests } as Request)
    if (reply instanceof Promise) throw new Error(`${command.cmd} is answered later`)
    return reply
  }

  putLegs(legs: ReadonlyArray<LegSpec>, id = "c1"): Reply {
    return this.ask({ cmd: "put_channel", channel: { id, label: id, legs: [...legs], policy: policyOf({}) } })
  }

  /** Makes a channel with one leg on 127.0.0.1. */
  putChannel(port: number, id = "c1"): Reply {
    return this.putLegs([{ name: "primary", ip: "127.0.0.1", port }], id)
  }

  /** Makes a channel with one open leg on a free port of 127.0.0.1, and returns the port. */
  async channel(more: Partial<LegSpec> = {}, id = "c1"): Promise<number> {
    const port = await freeUdpPort()
    this.putLegs([{ name: "primary", ip: "127.0.0.1", port, ...more }], id)
    await this.legSaid("open", this.legMessages("open").length + 1)
    return port
  }

  open(url: string, id = "o1", channel = "c1"): Reply {
    return this.ask({ cmd: "open_output", channel_id: channel, output: { id, label: id, session: `s-${id}`, url } })
  }

  /**
   * Opens an output and waits until it is connected. An attempt that a busy machine made end is followed by another, as
   * the control plane would have it.
   */
  async connect(url: string, id = "o1", channel = "c1"): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const before = this.stateOf(id)
      this.open(url, id, channel)
      const last = await eventually(`output ${id} is connected or has ended`, () => {
        const now = this.stateOf(id)
        return now !== before && (now?.state === "connected" || now?.state === "ended") ? now : null
      })
      if (last.state === "connected") return
      if (attempt === 3 || last.reason?.transient !== true)
        throw new Error(`output ${id} is not connected: ${JSON.stringify(last.reason)}`)
      console.warn(`output ${id} is opened again: ${last.reason.message}`)
    }
  }

  closeOutput(id: string, channel = "c1"): Reply {
    return this.ask({ cmd: "close_output", channel_id: channel, output_id: id })
  }

  stats(): EngineStats {
    return this.engine.stats(performance.now() * 1000)
  }

  channelStats(id = "c1"): ChannelStats {
    return this.stats().channels.find((c) => c.id === id) ?? missing(`channel ${id}`)
  }

  leg(name: LegName = "primary", channel = "c1"): LegStats {
    return this.channelStats(channel).legs.find((l) => l.name === name) ?? missing(`${name} leg`)
  }

  counters(name: LegName = "primary", channel = "c1"): Readonly<Record<string, number>> {
    return this.leg(name, channel).counters
  }

  output(id = "o1", channel = "c1"): OutputStats {
    return this.channelStats(channel).outputs.find((o) => o.id === id) ?? missing(`output ${id}`)
  }

  /** Warnings as told each second, and those of this moment. */
  protected override legWarnings(): string[] {
    return [...super.legWarnings(), ...this.stats().channels.flatMap((c) => c.legs.flatMap((l) => l.warnings))]
  }

  close(): void {
    if (this.#open) void this.engine.close()
    this.#open = false
  }
}
