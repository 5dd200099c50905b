/** Loaded before the control plane by a test: SIGUSR2 has it throw as a fault of ours would, with a secret in its words. */
process.on("SIGUSR2", () =>
  setTimeout(() => {
    throw new Error("thrown by the test, of srt://10.0.0.1:9000?passphrase=verysecretwords")
  }),
)
/** And SIGWINCH has it reject a promise that nobody waits for. */
process.on("SIGWINCH", () => void Promise.reject(new Error("rejected by the test")))
