/**
 * The engine process: `bun src/engine/main.ts --data-dir DIR`, with `--number N` for every engine but the first.
 *
 * Started by the control plane and found again by it after a crash; also ends by itself when nobody can reach it any
 * more.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { PacketCore } from "../core/packet-core/packet-core.ts"
import { DEFAULT_SRT_STACK, srtStackOf } from "../core/srt/stack.ts"
import { ControlServer } from "./control-server.ts"
import { Engine } from "./engine.ts"
import { refuseOldMachine, startOf } from "./protocol/old-machine.ts"
import { engineSocketPath } from "./protocol/socket-path.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"
import { Handling } from "./system/handling.ts"
import { boundNativeHeap, NativeHeapTrim } from "./system/native-heap.ts"
import { ENGINE_NICE, raisePriority } from "./system/priority.ts"

refuseOldMachine(process.env)
const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: "./config" }, number: { type: "string", default: "1" } },
})
const dataDir = values["data-dir"]
const number = Number(values.number)
const CORE = new URL("../../build/core.wasm", import.meta.url)
/**
 * With no control plane and nothing to carry for this long, or its socket gone, nobody will come back for this process.
 */
const ORPHAN_CHECK_MS = 10_000
const ORPHAN_CHECKS = 6
const TRIM_CHECK_MS = 5_000

const log = (message: string): void => {
  process.stderr.write(`${new Date().toISOString()} engine ${process.pid}: ${message}\n`)
}

// Before libsrt starts its threads: they inherit it.
const priorityProblem = raisePriority(ENGINE_NICE)
if (priorityProblem !== null) log(`${priorityProblem}: packets may be late on a busy machine`)

boundNativeHeap()

mkdirSync(dataDir, { recursive: true, mode: 0o700 })
const path = engineSocketPath(dataDir, number)
const library = openSrtLibrary(process.env)
if (library.info.problem !== null) log(library.info.problem)
const srtStack = srtStackOf(process.env["SRT_STACK"])
if (srtStack === null) log(`SRT_STACK is neither own nor libsrt: ${DEFAULT_SRT_STACK} is taken`)
const core = await PacketCore.instantiate(readFileSync(CORE), { countersFrom: startOf("core", 0) })
const handling = new Handling(true)
const engine = new Engine(core, library, (event) => server.emit(event), log, srtStack ?? DEFAULT_SRT_STACK, handling)

const exit = (why: string): void => {
  log(why)
  server.close()
  void engine.close().finally(() => process.exit(0))
}
const server: ControlServer = new ControlServer(path, {
  handle: (request) => engine.handle(request),
  shutdown: () => exit("shut down by the control plane"),
  log,
  fault: (what, cause) => engine.faults.report("engine", `the command ${what}`, cause),
})
process.on("SIGTERM", () => exit("ended by SIGTERM"))
process.on("SIGINT", () => exit("ended by SIGINT"))
process.on("SIGHUP", () => {})
await server.listen()
engine.start()
// What nobody caught was thrown in the event of a socket or a file of one output, or in a promise nobody waits for. The
// packet loop runs by itself, and to end here would cut every stream of every channel: it is counted, logged, and the
// engine goes on.
process.on("uncaughtException", (cause) => void engine.faults.report("engine", "nobody caught it", cause))
process.on("unhandledRejection", (cause) => void engine.faults.report("engine", "a promise was rejected", cause))
log(`listening on ${path}; libsrt ${library.info.version ?? "not available"}`)

const heap = new NativeHeapTrim()
setInterval(() => heap.look(), TRIM_CHECK_MS)

let orphanChecks = 0
setInterval(() => {
  if (server.connected) {
    orphanChecks = 0
    return
  }
  if (!existsSync(path)) exit("the control socket is gone and no control plane is connected: ending")
  orphanChecks = engine.idle ? orphanChecks + 1 : 0
  if (orphanChecks >= ORPHAN_CHECKS) exit("no control plane and no channel: ending")
}, ORPHAN_CHECK_MS)
