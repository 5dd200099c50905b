import { describe, expect, it } from "vitest"
import { type MachineFacts, machineChecks } from "./machine-checks.ts"

const GOOD: MachineFacts = {
  rmemMax: 8_388_608,
  mayForceBuffers: false,
  openFiles: 65_536,
  neededFiles: 1000,
  engineNice: -10,
  wantedNice: -10,
  governors: ["performance", "performance"],
  cores: 8,
  coreQuota: null,
  throttledShare: null,
  stolenShare: 0,
  memoryAvailable: 4e9,
  memoryLimit: null,
  swapped: 0,
  clock: { synchronized: true, maxErrorMs: 4 },
  disks: [{ setting: "DATA_DIR", path: "/data", free: 5e9 }],
}
const stateOf = (facts: Partial<MachineFacts>, id: string) =>
  machineChecks({ ...GOOD, ...facts }).find((check) => check.id === id)

describe("a machine", () => {
  it("that is well has no warning", () => {
    expect(machineChecks(GOOD).filter(({ state }) => state !== "ok")).toEqual([])
  })

  it.each<[string, Partial<MachineFacts>, RegExp]>([
    ["receive_buffers", { rmemMax: 212_992 }, /212992 bytes.*longer than about 43 ms.*net\.core\.rmem_max=4194304/],
    ["open_files", { openFiles: 1024 }, /1024 files.*up to 1256.*LimitNOFILE/],
    ["priority", { engineNice: 0 }, /nice 0 instead of -10.*CAP_SYS_NICE/],
    ["cpu_governor", { governors: ["performance", "powersave"] }, /governor powersave/],
    ["cpu_limit", { coreQuota: 1 }, /1 of 8 processors.*CPUWeight/],
    ["cpu_limit", { coreQuota: 4, throttledShare: 0.02 }, /held back for 2\.0 % .* 4 processors/],
    ["cpu_stolen", { stolenShare: 0.05 }, /gave 5\.0 %.*without credits/],
    ["memory", { memoryAvailable: 100e6, memoryLimit: 1e9 }, /Only 100 MB of the 1000 MB/],
    ["memory", { swapped: 20e6 }, /20 MB of the engine were swapped out/],
    ["time", { clock: { synchronized: false, maxErrorMs: 16_000 } }, /not synchronized.*chrony/],
    ["time", { clock: { synchronized: true, maxErrorMs: 400 } }, /only to 400 ms/],
    ["disk_data_dir", { disks: [{ setting: "DATA_DIR", path: "/data", free: 5e8 }] }, /Only 500 MB are free for .data/],
  ])("%s: %o is warned of, with cost and remedy", (id, facts, words) => {
    const check = stateOf(facts, id)
    expect(check?.state).toBe("warning")
    expect(check?.cost).not.toBe("")
    expect(`${check?.found} ${check?.cost} ${check?.remedy}`).toMatch(words)
  })

  it.each<[string, Partial<MachineFacts>]>([
    ["receive_buffers", { rmemMax: 212_992, mayForceBuffers: true }],
    ["open_files", { openFiles: Number.POSITIVE_INFINITY }],
    ["cpu_governor", { governors: [] }],
    ["cpu_limit", { coreQuota: 2, throttledShare: 0.001 }],
  ])("%s: %o is well", (id, facts) => {
    expect(stateOf(facts, id)?.state).toBe("ok")
  })

  it.each(["rmemMax", "openFiles", "engineNice", "stolenShare", "memoryAvailable", "clock"] as const)(
    "that does not tell %s is neither well nor warned of",
    (name) => {
      expect(machineChecks({ ...GOOD, [name]: null }).map(({ state }) => state)).toContain("unknown")
      expect(machineChecks({ ...GOOD, [name]: null }).map(({ state }) => state)).not.toContain("warning")
    },
  )

  it("tells a path that two settings name once", () => {
    const disks = ["DATA_DIR", "HLS_DIR"].map((setting) => ({ setting, path: "/data", free: 1 }))
    expect(machineChecks({ ...GOOD, disks }).filter(({ id }) => id.startsWith("disk_"))).toHaveLength(1)
  })
})
