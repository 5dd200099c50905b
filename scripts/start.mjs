// `npm start [-- --demo]`: sets the machine up, then runs the service until it ends.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { serviceEnvironment } from "./service-environment.mjs"
import { bun, root, setup } from "./setup.mjs"

try {
  await setup("run")
} catch (cause) {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exit(1)
}
// detached: a session of its own, whose share of a busy machine it raises (src/engine/system/priority.ts); in that of a terminal it would share with
// whatever else runs there. The pipe tells it when this process was killed, which no signal would.
const service = spawn(bun, [join(root, "src", "main.ts"), "--parent-pipe", ...process.argv.slice(2)], {
  detached: true,
  stdio: ["pipe", "inherit", "inherit"],
  env: { ...serviceEnvironment, ...process.env },
})
service.stdin.on("error", () => {})
// Whoever started npm signals npm, which tells this process; a terminal tells both. The service takes a signal once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => service.kill(signal))
service.on("error", (cause) => {
  process.stderr.write(`cannot run ${bun}: ${cause.message}\n`)
  process.exit(1)
})
service.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
