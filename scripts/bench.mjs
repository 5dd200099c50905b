// `npm run bench [-- --quick]` sets the machine up, then measures the product beside its peers.
// See load-tests/README.md.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { bun, root, setup } from "./setup.mjs"

try {
  await setup("test")
} catch (cause) {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exit(1)
}
const bench = spawn(bun, [join(root, "load-tests", "bench", "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" })
// A terminal sends SIGINT to the whole group; SIGTERM and SIGHUP come to this process alone.
process.on("SIGINT", () => {})
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => bench.kill(signal))
bench.on("error", (cause) => {
  process.stderr.write(`cannot run ${bun}: ${cause.message}\n`)
  process.exit(1)
})
bench.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
