// `npm start [-- --demo]` sets the machine up, then runs the service until it ends.
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
// Detached, the service has a session of its own and can raise that session's share of a busy machine
// (src/engine/system/priority.ts); in the terminal's session it would compete with everything else there. The pipe
// tells it when this process has been killed, which no signal does.
const service = spawn(bun, [join(root, "src", "main.ts"), "--parent-pipe", ...process.argv.slice(2)], {
  detached: true,
  stdio: ["pipe", "inherit", "inherit"],
  env: { ...serviceEnvironment, ...process.env },
})
service.stdin.on("error", () => {})
// A signal sent to npm reaches this process through npm; a terminal signals both. The service must get each signal only
// once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => service.kill(signal))
service.on("error", (cause) => {
  process.stderr.write(`cannot run ${bun}: ${cause.message}\n`)
  process.exit(1)
})
service.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
