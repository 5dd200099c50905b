// Sets the machine up and runs a program of load-tests with the arguments of this one.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { bun, root, setup } from "./setup.mjs"

/** Ends this process as the program at `path` of load-tests ends. */
export const runLoadTest = async (path) => {
  try {
    await setup("test")
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exit(1)
  }
  const program = spawn(bun, [join(root, "load-tests", path), ...process.argv.slice(2)], { stdio: "inherit" })
  // A terminal sends SIGINT to the whole group; SIGTERM and SIGHUP come to this process alone.
  process.on("SIGINT", () => {})
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => program.kill(signal))
  program.on("error", (cause) => {
    process.stderr.write(`cannot run ${bun}: ${cause.message}\n`)
    process.exit(1)
  })
  program.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
}
