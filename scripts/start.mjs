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
const service = spawn(bun, [join(root, "src", "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...serviceEnvironment, ...process.env },
})
// Whoever started npm signals npm, which tells this process alone; a terminal tells the whole group, and the service takes a signal once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => service.kill(signal))
service.on("error", (cause) => {
  process.stderr.write(`cannot run ${bun}: ${cause.message}\n`)
  process.exit(1)
})
service.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
