/** What the failover decision needs of a leg, read from the packet core. */
import * as L from "../../core/assembly/memory/layout.ts"
import type { LegNumbers } from "../../core/input/failover.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"

export type LegReading = { -readonly [K in keyof LegNumbers]: LegNumbers[K] }

const msOf = (us: number): number | null => (us > 0 ? us / 1000 : null)

/** A reading of a leg from which nothing has come. */
export const newReading = (): LegReading => ({
  open: false,
  lastPacketAt: null,
  lastProgrammeAt: null,
  lastPatAt: null,
  lastPmtAt: null,
  inSync: false,
  continuityErrors: 0,
  tsPackets: 0,
})

/** Fills `reading` with what the packet core knows of the leg at `index`; `open` says whether packets can come by it. */
export const readNumbers = (core: PacketCore, index: number, open: boolean, reading: LegReading): void => {
  const field = (f: number) => core.legField(index, f)
  reading.open = open
  reading.lastPacketAt = msOf(field(L.LEG_LAST_RX_US))
  reading.lastProgrammeAt = msOf(field(L.LEG_LAST_PROGRAMME_US))
  reading.lastPatAt = msOf(field(L.LEG_PAT_US))
  reading.lastPmtAt = msOf(field(L.LEG_PMT_US))
  reading.inSync = field(L.LEG_IN_SYNC) === 1
  reading.continuityErrors = field(L.LEG_CC_ERRORS)
  reading.tsPackets = field(L.LEG_TS_PACKETS)
}
