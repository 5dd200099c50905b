/**
 * Transport streams on made-up time, for tests of the checks that need time: a test says what is sent at which
 * millisecond. Beside it, a null packet goes out every millisecond, so that time passes on the leg.
 */
import { buildPes } from "../../../test-source/pes.ts"
import { buildPacket, NULL_PID, type PacketFields, TS_PACKET_SIZE } from "../../ts/packet.ts"
import { buildPat, buildPmt, type Descriptor, packetizeSection } from "../../ts/psi.ts"
import type { Datagram } from "./reference-datagram.ts"

export const START_US = 10_000_000
export const PMT_PID = 0x100
export const VIDEO_PID = 0x101
export const AUDIO_PID = 0x102
export const SECOND_27M = 27_000_000

/** An access unit with nothing that a decoder could start with: an AUD and a slice that is no IDR slice. */
const PLAIN_AVC_UNIT = Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0x9a)

/** One thing to send, and when. */
export interface Entry {
  readonly ms: number
  readonly write: (writer: TimedWriter) => ReadonlyArray<Uint8Array>
}

export interface Programme {
  readonly number?: number
  readonly pmtPid?: number
  readonly pcrPid?: number
  readonly version?: number
  readonly streams?: ReadonlyArray<{ pid: number; stream_type: number; descriptors?: ReadonlyArray<Descriptor> }>
}

/** Writes packets with a continuity_counter for each PID. */
export class TimedWriter {
  readonly #counters = new Map<number, number>()

  count(pid: number, packets = 1): number {
    const counter = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (counter + packets) & 15)
    return counter
  }

  packet(fields: Omit<PacketFields, "continuity_counter">): Uint8Array {
    const hasPayload = (fields.payload?.length ?? 0) > 0
    const counter = hasPayload ? this.count(fields.pid) : ((this.#counters.get(fields.pid) ?? 0) - 1) & 15
    return buildPacket({ ...fields, continuity_counter: counter })
  }

  section(pid: number, section: Uint8Array): Uint8Array {
    const packets = Math.ceil((section.length + 1) / (TS_PACKET_SIZE - 4))
    return packetizeSection(section, pid, this.count(pid, packets))
  }
}

const DEFAULT_STREAMS = [
  { pid: VIDEO_PID, stream_type: 0x1b },
  { pid: AUDIO_PID, stream_type: 0x0f },
]

/** Lists the milliseconds from `from` to before `to`, `step` apart. */
export const every = (step: number, to: number, from = 0): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step)

const at = (
  times: ReadonlyArray<number>,
  write: (writer: TimedWriter, ms: number) => ReadonlyArray<Uint8Array>,
): Entry[] => times.map((ms) => ({ ms, write: (writer) => write(writer, ms) }))

export const pats = (times: ReadonlyArray<number>, programmes: ReadonlyArray<Programme> = [{}]): Entry[] => {
  const programs = programmes.map(({ number = 1, pmtPid = PMT_PID }) => ({ program_number: number, pid: pmtPid }))
  const section = buildPat({ transport_stream_id: 1, version: 0, programs })
  return at(times, (writer) => [writer.section(0, section)])
}

export const pmtSection = ({
  number = 1,
  pcrPid = VIDEO_PID,
  version = 0,
  streams = DEFAULT_STREAMS,
}: Programme = {}): Uint8Array =>
  buildPmt({
    program_number: number,
    version,
    pcr_pid: pcrPid,
    descriptors: [],
    streams: streams.map((stream) => ({ descriptors: [], ...stream })),
  })

export const pmts = (times: ReadonlyArray<number>, programme: Programme = {}): Entry[] => {
  const section = pmtSection(programme)
  return at(times, (writer) => [writer.section(programme.pmtPid ?? PMT_PID, section)])
}

/** Makes PCRs that are alone in their packets; the clock shows `startTicks` at 0 ms. */
export const pcrs = (
  times: ReadonlyArray<number>,
  startTicks = SECOND_27M,
  pid = VIDEO_PID,
  fields: Partial<PacketFields> = {},
): Entry[] => at(times, (writer, ms) => [writer.packet({ pid, pcr: startTicks + ms * 27_000, ...fields })])

/** Makes PES packets of one TS packet each; at 0 ms their PTS is 1 s after 0. */
export const units = (times: ReadonlyArray<number>, pid: number, fields: Partial<PacketFields> = {}): Entry[] =>
  at(times, (writer, ms) => [
    writer.packet({
      pid,
      unit_start: true,
      payload: buildPes(0xe0, 90_000 + ms * 90, [PLAIN_AVC_UNIT], false),
      ...fields,
    }),
  ])

export const packets = (times: ReadonlyArray<number>, fields: Omit<PacketFields, "continuity_counter">): Entry[] =>
  at(times, (writer) => [writer.packet(fields)])

export const sections = (times: ReadonlyArray<number>, pid: number, section: Uint8Array): Entry[] =>
  at(times, (writer) => [writer.section(pid, section)])

const NULL_PACKET = buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) })

export interface Timing {
  readonly untilMs: number
  /** Times in ms, from and to, in which nothing at all is sent. */
  readonly silences?: ReadonlyArray<readonly [number, number]>
  readonly port?: number
  readonly startUs?: number
}

/** Makes one datagram a millisecond, with a null packet and what is due then. */
export const play = (
  entries: ReadonlyArray<Entry>,
  { untilMs, silences = [], port = 5000, startUs = START_US }: Timing,
): Datagram[] => {
  const due = new Map<number, Entry[]>()
  for (const entry of entries) due.set(entry.ms, [...(due.get(entry.ms) ?? []), entry])
  const writer = new TimedWriter()
  return every(1, untilMs + 1).flatMap((ms) => {
    const parts = [...(due.get(ms) ?? []).flatMap((entry) => entry.write(writer)), NULL_PACKET]
    if (silences.some(([from, to]) => ms > from && ms < to)) return []
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    parts.reduce((offset, part) => {
      bytes.set(part, offset)
      return offset + part.length
    }, 0)
    return [{ bytes, rx_us: startUs + ms * 1000, ipv4: 0x7f000001, port }]
  })
}

/** Makes a sound programme of `untilMs` milliseconds. Parts replace those of the same name, and null leaves one out. */
export const soundProgramme = (
  untilMs: number,
  parts: Partial<Record<"pats" | "pmts" | "pcrs" | "video" | "audio", ReadonlyArray<Entry> | null>> = {},
): Entry[] => {
  const all: typeof parts = {
    pats: pats(every(100, untilMs)),
    pmts: pmts(every(100, untilMs)),
    pcrs: pcrs(every(30, untilMs)),
    video: units(every(40, untilMs), VIDEO_PID),
    audio: units(every(60, untilMs), AUDIO_PID),
    ...parts,
  }
  return Object.values(all).flatMap((entries) => entries ?? [])
}
