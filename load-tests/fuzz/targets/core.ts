/**
 * The packet core as it runs in the engine: datagrams by every way in (RTP, bytes by UDP, FEC, 204-byte packets, another
 * node's relay), two legs, merged or not, while sources change and cues are put in.
 */
import * as L from "../../../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../../../src/core/packet-core/packet-core.ts"
import { writeDatagram } from "../../../test/feed-core.ts"
import { type CoreBuild, loadCore } from "../../../test/load-core.ts"
import { type FuzzRun, type FuzzTarget, insist } from "../fuzz-target.ts"
import { decodeSteps, GAP_US, type Step } from "./core-case.ts"
import { makeCoreCases } from "./core-make.ts"

const TS_PACKET = 188
/** CLOCK_REALTIME - CLOCK_MONOTONIC of `writeDatagram`, in us. */
const CLOCK_OFFSET_US = 1_763_700_000_000_000
const START_US = 10_000_000
const LEGS = [0, 1] as const
/** Memory of the next channel and its legs, which nothing here may write to. */
const NEIGHBOURS: ReadonlyArray<readonly [at: number, length: number]> = [
  [L.RINGS + L.RING_BYTES, L.RING_BYTES],
  [L.LEGS + 2 * L.LEG_SIZE, 2 * L.LEG_SIZE],
  [L.STORES + 2 * L.STORE_BYTES, 2 * L.STORE_BYTES],
  [L.FEC_STORES + 2 * L.FEC_STORE_BYTES, 2 * L.FEC_STORE_BYTES],
]

const begin = (core: PacketCore): void => {
  core.takeEvents()
  core.resetChannel(0)
  for (const leg of LEGS) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, 50_000)
    core.setLegField(leg, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
    core.setLegField(leg, L.LEG_FEC_ENABLED, 1)
  }
}

/** Plays cases into one core and holds it to its promises. */
class CorePlayer {
  readonly #core: PacketCore
  readonly #sound: ReadonlyArray<Buffer>
  #nowUs = START_US
  #head = 0
  #lastRxUs = 0

  constructor(core: PacketCore) {
    this.#core = core
    begin(core)
    this.#sound = NEIGHBOURS.map(([at, length]) => Buffer.from(core.u8.slice(at, at + length)))
  }

  play(steps: ReadonlyArray<Step>): number {
    const core = this.#core
    begin(core)
    this.#nowUs = START_US
    this.#head = core.ringHead(0)
    this.#lastRxUs = 0
    let datagrams = 0
    let waiting: Step[] = []
    for (const [i, step] of steps.entries()) {
      this.#nowUs += step.gap * GAP_US
      if (step.action === "media" || step.action === "row" || step.action === "column" || step.action === "relayed") {
        datagrams += 1
        waiting.push(step)
        const next = steps[i + 1]
        const together =
          (step.argument & 2) > 0 &&
          waiting.length < L.RX_BATCH &&
          next?.action === step.action &&
          (next.argument & 1) === (step.argument & 1) &&
          next.gap * GAP_US < 10_000
        if (together) continue
        this.#receive(waiting)
        waiting = []
      } else this.#act(step)
      this.#look()
    }
    this.#nowUs += 3_000_000
    core.tick(this.#nowUs)
    this.#look()
    this.#figures()
    return datagrams
  }

  #receive(batch: ReadonlyArray<Step>): void {
    const core = this.#core
    const [first] = batch
    if (first === undefined) return
    const leg = first.argument & 1
    for (const [i, { argument, bytes }] of batch.entries()) {
      const port = 5000 + leg + ((argument & 4) > 0 ? 2 : 0)
      writeDatagram(core, i, { bytes, rx_us: this.#nowUs, ipv4: 0x7f00_0001, port }, (argument & 8) === 0)
    }
    if (first.action === "media") core.ingest(leg, batch.length, CLOCK_OFFSET_US, this.#nowUs)
    else if (first.action === "relayed") core.ingestRelayed(leg, batch.length, CLOCK_OFFSET_US, this.#nowUs)
    else core.ingestFec(leg, first.action === "row", batch.length, CLOCK_OFFSET_US, this.#nowUs)
    if ((first.argument & 16) === 0) core.fecPortsEmpty(leg)
  }

  #act({ action, argument, bytes }: Step): void {
    const core = this.#core
    if (action === "tick") core.tick(this.#nowUs)
    else if (action === "source") core.setSource(0, (argument % 3) as 0 | 1 | 2, (argument & 64) > 0)
    else if (action === "merge") core.allowMerge(0, (argument & 1) > 0, (argument >> 1) * 4000)
    else if (action === "scte35_pid") core.setScte35Pid(argument & 1, (argument >> 1) * 64)
    else
      core.insertPackets(
        0,
        500,
        bytes.slice(0, bytes.length - (bytes.length % TS_PACKET)),
        this.#nowUs,
        this.#nowUs + 2e6,
        this.#nowUs,
      )
  }

  /** What went into the ring is whole packets in the order of their times, and every event can be read. */
  #look(): void {
    const core = this.#core
    const to = core.ringHead(0)
    const slots = (to - this.#head) >>> 0
    insist(slots <= 8 * L.RX_BATCH + 2 * L.STORE_SLOTS, () => `one step fills ${slots} slots`)
    const from = slots > L.RING_SLOTS ? (to - L.RING_SLOTS) >>> 0 : this.#head
    for (let n = from; n !== to; n = (n + 1) >>> 0) {
      const at = core.slotAddress(0, n)
      const length = core.view.getUint32(at + L.SLOT_LENGTH, true)
      insist(length > 0 && length % TS_PACKET === 0 && length <= L.SLOT_PAYLOAD_MAX, () => `a slot of ${length} bytes`)
      const rxUs = core.view.getFloat64(at + L.SLOT_RX_US, true)
      insist(rxUs >= this.#lastRxUs, () => `a slot of ${rxUs} us behind one of ${this.#lastRxUs} us`)
      insist(rxUs <= this.#nowUs, () => `a slot of ${rxUs} us at ${this.#nowUs} us`)
      this.#lastRxUs = rxUs
    }
    this.#head = to
    for (const event of core.takeEvents())
      insist(event.type > 0 && event.type <= L.EVENT_PCR_JUMP, () => `an event of type ${event.type}`)
  }

  #figures(): void {
    const core = this.#core
    for (const leg of LEGS)
      for (const [name, value] of Object.entries(core.legSnapshot(leg)))
        insist(Number.isFinite(value) && value >= 0, () => `${name} of leg ${leg} is ${value}`)
    for (let field = 0; field < L.CHANNEL_FIELDS; field++)
      insist(Number.isFinite(core.channelField(0, field)), () => `field ${field} of the channel is no number`)
    for (const [i, [at, length]] of NEIGHBOURS.entries())
      insist(
        this.#sound[i]?.equals(core.u8.subarray(at, at + length)) === true,
        () => `memory of the next channel, ${length} bytes from ${at}, was written to`,
      )
  }
}

/** One in so many cases is played to the debug build, too, whose assertions say more and cost more. */
const DEBUG_EVERY = 16

const open = async (builds: ReadonlyArray<CoreBuild>): Promise<FuzzRun> => {
  const players: CorePlayer[] = []
  for (const build of builds) players.push(new CorePlayer(await loadCore(build)))
  const make = makeCoreCases()
  let played = 0
  return {
    make,
    play: (bytes) => {
      const steps = decodeSteps(bytes)
      const [release, debug] = players
      if (debug !== undefined && played++ % DEBUG_EVERY === 0) debug.play(steps)
      return release?.play(steps) ?? 0
    },
  }
}

export const core: FuzzTarget = { name: "core", inputs: "datagrams", open: () => open(["release", "debug"]) }
