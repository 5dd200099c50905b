/** A PID that the operator calls SCTE-35 although no PMT does. */

import { beforeAll, describe, expect, it } from "vitest"
import { feed } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, spliceNull, TsWriter, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import type { PacketCore } from "./packet-core.ts"

const OTHER_PID = 600

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

const fresh = (core: PacketCore) => {
  core.resetLeg(0)
  core.resetChannel(0)
  core.takeEvents()
}
const told = (core: PacketCore) =>
  core
    .takeEvents()
    .filter(({ leg, type }) => type === L.EVENT_SCTE35 && leg === L.MAX_LEGS)
    .map(({ pid }) => pid)

describe.each(coreBuilds)("SCTE-35 PID by hand (%s core)", (build) => {
  const writer = new TsWriter()
  let startUs = 1_000_000
  /** Makes a PAT, a PMT that names `named`, and a section on each of the two PIDs. */
  const some = (core: PacketCore, version: number, named: ReadonlyArray<number>) => {
    const tables = [writer.section(0, pat()), writer.section(PMT_PID, pmt(version, named))]
    const media = Array.from({ length: 7 }, () => writer.media(VIDEO_PID))
    startUs += 100_000
    const cues = [writer.section(SCTE35_PID, spliceNull()), writer.section(OTHER_PID, spliceNull())]
    feed(core, toDatagrams(joinBytes([...tables, ...media, ...cues]), { startUs }))
    return told(core)
  }

  it("is heard at once, beside those of the PMT, and stays through changes of the PMT", () => {
    const core = cores[build]
    fresh(core)
    expect(some(core, 0, [])).toEqual([])
    core.setScte35Pid(0, OTHER_PID)
    expect(some(core, 0, [])).toEqual([OTHER_PID])
    expect(some(core, 1, [SCTE35_PID])).toEqual([SCTE35_PID, OTHER_PID])
    expect(some(core, 2, [SCTE35_PID, OTHER_PID])).toEqual([SCTE35_PID, OTHER_PID])
    expect(some(core, 3, [])).toEqual([OTHER_PID])
  })

  it("gives way to another one, and to none, but for what the PMT names", () => {
    const core = cores[build]
    fresh(core)
    core.setScte35Pid(0, OTHER_PID)
    expect(some(core, 0, [OTHER_PID])).toEqual([OTHER_PID])
    core.setScte35Pid(0, SCTE35_PID)
    expect(some(core, 0, [OTHER_PID])).toEqual([SCTE35_PID, OTHER_PID])
    core.setScte35Pid(0, 0)
    expect(some(core, 0, [OTHER_PID])).toEqual([OTHER_PID])
    expect(some(core, 1, [])).toEqual([])
  })

  it("set before the first packet counts too; a PID of fixed meaning is refused", () => {
    const core = cores[build]
    fresh(core)
    core.setScte35Pid(0, OTHER_PID)
    core.setScte35Pid(0, OTHER_PID)
    expect(some(core, 0, [])).toEqual([OTHER_PID])
    core.setScte35Pid(0, 1)
    expect(some(core, 0, [])).toEqual([])
  })
})
