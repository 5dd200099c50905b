/** Preloaded into a process that a test starts: SIGUSR2 makes the runtime collect all that is no longer used. */
declare const Bun: { readonly gc: (atOnce: boolean) => void }

process.on("SIGUSR2", () => Bun.gc(true))
