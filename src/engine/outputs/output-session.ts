/** What the packet loop asks of every kind of output. */
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { SpliceInfoSection } from "../../core/scte35/section-fields.ts"
import type { Carrier } from "../../core/srt/backup-choice.ts"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import type { SrtStack } from "../../core/srt/stack.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import type { OutputSpec, OutputStats, Reason, ReceiverStats, SessionState, SrtStats } from "../protocol/messages.ts"
import type { RemuxPool } from "../remux/remux-pool.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import type { HandshakeGates } from "../srt/handshake-gate.ts"
import type { ListenerPorts } from "../srt/listener-ports.ts"
import type { OwnSrt } from "../srt/own/stack.ts"
import type { PortPool } from "../srt/port-pool.ts"
import type { FenceView } from "../system/fences.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import type { StackChoice } from "./stack-choice.ts"

/** What sessions share: the packet memory, libsrt, and the way to say what happened. */
export interface SessionContext {
  readonly core: PacketCore
  /** Native address of the packet memory. */
  readonly base: number
  readonly srt: LibSrt | null
  readonly ports: PortPool | null
  /** The stack SRT outputs run on that do not ask for another. */
  readonly srtStack: SrtStack
  /** Our own SRT stack. */
  readonly ownSrt: OwnSrt
  readonly listenerPorts: ListenerPorts
  readonly gates: HandshakeGates
  readonly udpPorts: UdpPortRegistry
  readonly remuxes: RemuxPool
  /** Asked before anything of a channel is handed to the kernel, to libsrt or to a server. */
  readonly fences: FenceView
  /** What to install when `srt` is null. */
  readonly srtProblem: string | null
  /** Ends a session in which something was thrown, with the reason `internal`. */
  readonly fault: (session: OutputSession, cause: unknown) => void
  readonly receiver: (
    session: OutputSession,
    who: Pick<ReceiverStats, "peer" | "stream_id">,
    change: ReceiverChange,
    reason: string | null,
  ) => void
  /** Another receiver of an output with a backup carries now; `message` is a sentence for a person. */
  readonly carrier: (session: OutputSession, carrier: Carrier, message: string) => void
}

/** What happened to a receiver of a listener; one that was `lost` did not end its connection itself. */
export type ReceiverChange = "joined" | "left" | "lost" | "refused"

/** An SCTE-35 section of what goes out. */
export interface OutgoingCue {
  /** Slot of the ring that completes it. */
  readonly position: number
  readonly section: SpliceInfoSection
  /** System time clock of the stream at that moment, 90 kHz ticks modulo 2^33; null while there is no PCR. */
  readonly clock90k: number | null
}

export interface OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  /**
   * True when packets should leave as soon as they arrive; false lets the loop send in bursts that carry their own
   * time.
   */
  readonly immediate: boolean
  /** True for outputs that take turns within a tick with those of other channels (`Phases`). */
  readonly spread?: boolean
  /** Longest time packets may be held back to leave in a burst, in microseconds. */
  readonly maxBurstUs: number
  /** True while slots wait that a later flush may send; the loop then keeps its tick. */
  readonly waiting: boolean
  readonly state: SessionState
  /** SRT: the stack it runs on. */
  readonly srtStack?: StackChoice
  /** Why it ended by itself. */
  readonly reason: Reason | null
  /** Sends what waits in the ring. Never blocks. */
  flush(nowUs: number): void
  /** Connection progress, accepts, liveness: every few milliseconds. */
  poll(nowUs: number): void
  /**
   * False when cues do not go out by this output at all, because its settings say so: it has no part in their proof.
   */
  readonly carriesCues: boolean
  /** True when what it is given while it is still connecting goes out later, cues included. */
  readonly takesCuesEarly?: boolean
  /** Takes a sound section as it goes by; for outputs that write cues in a form of their own. */
  onCue?(cue: OutgoingCue): void
  /** Longest time from a cue's arrival until it must have gone out, in microseconds; 10 s unless told. */
  readonly cueWithinUs?: number
  /** What became of the slot at `position` of the ring; `sent` when it was handed on to all receivers there are. */
  fateOf(position: number): SlotFate
  /**
   * Begins to follow the slot at `position` of the ring, which came at `receivedUs` and was sent, until its receivers
   * have acknowledged it. What it returns is to be asked after each turn, until it says something else than `waiting`.
   * Only where the far side acknowledges and we see it: SRT on our own stack.
   */
  followSlot?(position: number, receivedUs: number): (nowUs: number) => SlotReceipt
  /** Where the datagrams pass that it sends now; left out by outputs that send none. */
  readonly capturePoints?: ReadonlyArray<CapturePoint>
  stats(): OutputStats
  close(): void
  /** Ends it at once for this reason: nothing of the channel leaves any more, neither what waits nor a farewell in it. */
  cut(reason: Reason): void
  /** Something was thrown in it, and `close` was tried: it has ended for this reason, whatever it had before. */
  fault(reason: Reason): void
  /** Resolves when all that was taken before `close` is written; for outputs that write behind. */
  readonly settled?: Promise<void>
}

/** The fields every kind of output reports alike. */
export interface SessionFigures {
  bytesSent: number
  packetsSent: number
  packetsDropped: number
  sendErrors: number
  lastSendError: string | null
  openedAt: number
  connectedAt: number | null
  address: string | null
}

export const newFigures = (): SessionFigures => ({
  bytesSent: 0,
  packetsSent: 0,
  packetsDropped: 0,
  sendErrors: 0,
  lastSendError: null,
  openedAt: Date.now(),
  connectedAt: null,
  address: null,
})

export const statsOf = (
  session: Pick<OutputSession, "spec" | "state" | "srtStack">,
  f: SessionFigures,
  more: {
    warnings?: ReadonlyArray<string>
    srt?: SrtStats | null
    receivers?: ReceiverStats[]
    queueBytes?: number
  } = {},
): OutputStats => ({
  id: session.spec.id,
  session: session.spec.session,
  url: session.spec.url,
  revision: session.spec.revision,
  state: session.state,
  opened_at: f.openedAt,
  connected_at: f.connectedAt,
  bytes_sent: f.bytesSent,
  packets_sent: f.packetsSent,
  packets_dropped: f.packetsDropped,
  send_errors: f.sendErrors,
  queue_bytes: more.queueBytes ?? 0,
  last_send_error: f.lastSendError,
  warnings: [...(more.warnings ?? [])],
  address: f.address,
  srt: more.srt ?? null,
  ...(session.srtStack === undefined
    ? {}
    : { srt_stack: session.srtStack.stack, needs_libsrt: [...session.srtStack.needsLibsrt] }),
  receivers: more.receivers ?? [],
})
