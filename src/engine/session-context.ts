/** What all output sessions of an engine share, made once. */
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { SrtStack } from "../core/srt/stack.ts"
import type { SessionContext } from "./outputs/output-session.ts"
import { RemuxPool } from "./remux/remux-pool.ts"
import type { HandshakeGates } from "./srt/handshake-gate.ts"
import type { ListenerPorts } from "./srt/listener-ports.ts"
import { OwnSrt } from "./srt/own/stack.ts"
import { PortPool } from "./srt/port-pool.ts"
import type { SrtLibrary } from "./srt/srt-library.ts"
import type { FenceView } from "./system/fences.ts"
import type { UdpPortRegistry } from "./system/udp-port-registry.ts"

/** Ports and gates that inputs use as well. */
export interface SharedPorts {
  readonly udpPorts: UdpPortRegistry
  readonly listenerPorts: ListenerPorts
  readonly gates: HandshakeGates
}

/** `base` is the native address of the packet memory. */
export const sessionContext = (
  core: PacketCore,
  base: number,
  { info, srt }: SrtLibrary,
  srtStack: SrtStack,
  shared: SharedPorts,
  fences: FenceView,
  told: Pick<SessionContext, "fault" | "receiver">,
): SessionContext => ({
  ...shared,
  ...told,
  core,
  base,
  srt,
  ports: srt === null ? null : new PortPool(srt),
  srtStack,
  ownSrt: new OwnSrt(core, base, fences),
  remuxes: new RemuxPool(core),
  srtProblem: info.problem,
  fences,
})
