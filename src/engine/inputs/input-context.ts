/** What the legs of all channels share: the packet memory, libsrt, and the ports of this process. */
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { PortPool } from "../srt/port-pool.ts"
import type { SrtLibrary } from "../srt/srt-library.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { type PortMeans, SrtInputPorts } from "./srt-input-ports.ts"

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
