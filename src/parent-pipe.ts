/** The service under `npm start`, which runs it in a session of its own: nobody who kills that would reach it. */

/**
 * Ends this process at once when the one at the other end of its standard input is gone. Like `kill -9`: the engine
 * streams on, and the next start finds it. Whoever wants more than that sends a signal, which the parent passes on.
 */
export const endWithParent = (): void => {
  const end = () => process.kill(process.pid, "SIGKILL")
  process.stdin.on("end", end).on("close", end).on("error", end).resume()
}
