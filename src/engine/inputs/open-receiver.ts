/** What a leg is received by, as its specification says. */
import { parseInputUrl } from "../../core/input/input-url.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import type { InputPolicy, Reason } from "../protocol/messages.ts"
import { PortPool } from "../srt/port-pool.ts"
import type { SrtLibrary } from "../srt/srt-library.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { DatagramReceiver } from "./datagram-receiver.ts"
import type { LegReceiver, ReceiverHost } from "./leg-receiver.ts"
import { NoReceiver } from "./no-receiver.ts"
import { SrtCallerReceiver } from "./srt-caller-receiver.ts"
import { type PortMeans, SrtInputPorts } from "./srt-input-ports.ts"
import { SrtListenerReceiver } from "./srt-listener-receiver.ts"

/** What the legs of all channels share. */
export interface InputContext {
  readonly core: PacketCore
  /** Native address of the packet memory. */
  readonly base: number
  readonly udpPorts: UdpPortRegistry
  /** Null when libsrt is missing; `srtProblem` says what to install. */
  readonly srt: SrtInputs | null
  readonly srtProblem: string | null
}

/** What the legs share that are received by SRT. */
export interface SrtInputs {
  readonly library: LibSrt
  /** Local ports of legs that call. */
  readonly callers: PortPool
  /** Ports that legs listen on. */
  readonly listeners: SrtInputPorts
}

/** Without libsrt there are RTP and UDP legs only. */
export const inputContext = (
  core: PacketCore,
  base: number,
  { info, srt }: SrtLibrary,
  means: Omit<PortMeans, "srt">,
): InputContext => ({
  core,
  base,
  udpPorts: means.udpPorts,
  srt:
    srt === null
      ? null
      : { library: srt, callers: new PortPool(srt, "receive"), listeners: new SrtInputPorts({ ...means, srt }) },
  srtProblem: info.problem,
})

const refused = (code: string, message: string): Reason => ({ code, message, transient: false })

/** Never throws: what keeps the leg from being received is its `problem`. */
export const openReceiver = (context: InputContext, host: ReceiverHost, policy: InputPolicy): LegReceiver => {
  const { url } = host.spec
  if (url === undefined) return new DatagramReceiver(host, policy, context.udpPorts)
  const parsed = parseInputUrl(url)
  if (!parsed.ok) return new NoReceiver(host, refused("url", parsed.errors.join("; ")))
  const { srt } = context
  if (srt === null)
    return new NoReceiver(
      host,
      refused("libsrt_missing", context.srtProblem ?? "libsrt is missing, which receives SRT: install it"),
    )
  const { target } = parsed
  return target.mode === "listener"
    ? new SrtListenerReceiver(srt, host, policy, target)
    : new SrtCallerReceiver(srt, host, target, context.udpPorts)
}
