/** What a leg is received by: a UDP socket with those of its FEC, or an SRT connection. */
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { Event, InputPolicy, LegSpec, LegStats, Reason, RelaySpec } from "../protocol/messages.ts"

/** What a leg reports, as in the `leg` event. */
export type LegKind = Extract<Event, { readonly event: "leg" }>["kind"]

/** The leg that a receiver works for. */
export interface ReceiverHost {
  readonly spec: LegSpec
  /** Index in the packet core. */
  readonly index: number
  readonly core: PacketCore
  /** Native address of the packet memory. */
  readonly base: number
  /** TS arrived in the last second. */
  readonly live: () => boolean
  readonly say: (kind: LegKind, message: string) => void
  /** Gets what comes while a capture runs. */
  readonly capturePoint: CapturePoint
}

/** The receiver's share of a leg's figures. */
export interface ReceiverFacts {
  /** Datagrams the kernel dropped because the receive buffer was full. */
  readonly kernelDrops: number
  /** Receive buffer that the kernel granted, in bytes; 0 when that is not known. */
  readonly rcvbufGranted: number
  readonly warnings: ReadonlyArray<string>
  /** FEC packets were seen although FEC is off. */
  readonly fecOffered: boolean
  readonly srt: LegStats["srt"]
}

export interface LegReceiver {
  /** Descriptor to be watched by the kernel's epoll; -1 when there is none. */
  readonly fd: number
  /** Socket to be watched by libsrt's epoll; -1 when there is none. */
  readonly srtSocket: number
  /** Descriptor of what another node relays, to be watched as well; -1 or left out when there is none. */
  readonly relayFd?: number
  /** Packets can come: the socket is open, or a sender is connected. */
  readonly open: boolean
  /** The last `receive` may have left datagrams unread, because there was no room for them. */
  readonly hasMore: boolean
  /** Where packets arrive, for sentences: `on 239.1.2.3:5000`, `by SRT from 203.0.113.5:9000`. */
  readonly arrival: string
  /** Why packets cannot come; null when they can. */
  readonly problem: Reason | null
  /** Takes new settings; what is open stays open. */
  configure(policy: InputPolicy): void
  /** Exchanges datagrams with another node, or no more; left out where they cannot be. */
  relayBy?(relay: RelaySpec | null): void
  /** Every 10 ms: opens what is closed, and whatever else needs no packet. */
  poll(nowUs: number, clockOffsetUs: number): void
  /** Gives the packet core what has come, as far as it fills `room` slots. Returns datagrams read. */
  receive(clockOffsetUs: number, room: number): number
  facts(): ReceiverFacts
  close(): void
}
