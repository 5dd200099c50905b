/** Instantiates core.wasm for tests, building it first when a source has changed. */
import { readFile } from "node:fs/promises"
import { buildCore } from "../scripts/build-core.mjs"
import { PacketCore } from "../src/core/packet-core/packet-core.ts"

/** The two builds on which every test of the core runs: `describe.each(coreBuilds)("... (%s)", (build) => ...)`. */
export const coreBuilds = ["release", "debug"] as const
export type CoreBuild = (typeof coreBuilds)[number]

/** Instantiates a fresh core with a memory of its own; `countersFrom` is that of `PacketCore.instantiate`. */
export const loadCore = async (
  build: CoreBuild = "release",
  options: { readonly countersFrom?: number } = {},
): Promise<PacketCore> => {
  const paths = await buildCore()
  return PacketCore.instantiate(await readFile(paths[build]), options)
}

/** Instantiates one core of each build. */
export const loadCores = async (): Promise<Record<CoreBuild, PacketCore>> => ({
  release: await loadCore("release"),
  debug: await loadCore("debug"),
})
