/** Instantiates core.wasm for tests, building it first when a source has changed. */
import { readFile } from "node:fs/promises"
import { buildCore } from "../scripts/build-core.mjs"
import { PacketCore } from "../src/core/packet-core/packet-core.ts"
import { type WasmModule, webAssembly } from "../src/core/packet-core/web-assembly.ts"

/** The two builds on which every test of the core runs: `describe.each(coreBuilds)("... (%s)", (build) => ...)`. */
export const coreBuilds = ["release", "debug"] as const
export type CoreBuild = (typeof coreBuilds)[number]

let paths: ReturnType<typeof buildCore> | undefined
const modules = new Map<CoreBuild, Promise<WasmModule>>()
/** The code of a build: once in a process, since what the engine has compiled well serves all instances. */
const moduleOf = (build: CoreBuild): Promise<WasmModule> => {
  paths ??= buildCore()
  const module = modules.get(build) ?? paths.then(async (built) => new webAssembly.Module(await readFile(built[build])))
  modules.set(build, module)
  return module
}

/** Instantiates a fresh core with a memory of its own; `countersFrom` is that of `PacketCore.instantiate`. */
export const loadCore = async (
  build: CoreBuild = "release",
  options: { readonly countersFrom?: number } = {},
): Promise<PacketCore> => PacketCore.instantiate(await moduleOf(build), options)

/** Instantiates one core of each build. */
export const loadCores = async (): Promise<Record<CoreBuild, PacketCore>> => ({
  release: await loadCore("release"),
  debug: await loadCore("debug"),
})
