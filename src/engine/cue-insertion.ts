/** Cues of the operator's, put into what goes out of a channel. */
import { INSERTION_PACKETS_MAX, LEG_LAST_RX_US } from "../core/assembly/memory/layout.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import { TS_PACKET_SIZE } from "../core/ts/packet.ts"
import { packetizeSection } from "../core/ts/psi.ts"
import type { Reason } from "./protocol/messages.ts"

export type Insertion = { readonly ok: true; readonly pid: number } | { readonly ok: false; readonly error: Reason }

/** The active leg of the channel. */
export interface InsertionSource {
  /** In the packet core. */
  readonly index: number
  /** PIDs taken for SCTE-35, those set by hand first. */
  readonly scte35Pids: ReadonlyArray<number>
}

/** How long a null packet is waited for. */
const NULL_WAIT_US = 100_000
/** A cue that could not go out by then has missed its moment. */
const GIVE_UP_US = 2e6
const SILENT_US = 1e6

const refused = (code: string, message: string, transient: boolean): Insertion => ({
  ok: false,
  error: { code, message, transient },
})

/**
 * Queues a splice_info_section; refused with `no_input`, `no_pid`, `too_long` or `busy`. Takes effect with the next
 * packets that go out.
 */
export const insertCue = (
  core: PacketCore,
  channel: number,
  source: InsertionSource | undefined,
  section: Uint8Array,
  wanted: number | null,
  nowUs: number,
): Insertion => {
  const lastUs = source === undefined ? 0 : core.legField(source.index, LEG_LAST_RX_US)
  if (source === undefined || lastUs === 0 || nowUs - lastUs > SILENT_US)
    return refused("no_input", "no packets arrive", true)
  const pid = wanted ?? source.scte35Pids[0]
  if (pid === undefined) return refused("no_pid", "the stream has no SCTE-35 PID", false)
  if (!source.scte35Pids.includes(pid)) return refused("no_pid", `PID ${pid} is no SCTE-35 PID of the stream`, false)
  const packets = packetizeSection(section, pid, 0)
  if (packets.length > INSERTION_PACKETS_MAX * TS_PACKET_SIZE)
    return refused("too_long", `a section of ${section.length} bytes is too long`, false)
  if (core.sectionWaits(channel, nowUs)) return refused("busy", "another cue is being inserted", true)
  const accepted = core.insertPackets(channel, pid, packets, nowUs + NULL_WAIT_US, nowUs + GIVE_UP_US, nowUs)
  return accepted
    ? { ok: true, pid }
    : refused("no_pid", `PID ${pid} cannot be inserted into: four others were since the channel was started`, false)
}
