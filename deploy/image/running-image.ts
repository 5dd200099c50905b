/** An image that runs, whatever runs it: a change of root (container.ts) or Podman (podman.ts). */
export interface Answer {
  readonly code: number
  readonly output: string
}

export interface RunningImage {
  /** What it has said so far, on either stream. */
  readonly output: string
  /** Runs a command beside the product, in its namespaces and as its user; its exit code and output. */
  readonly exec: (command: ReadonlyArray<string>) => Answer
  /** Carries out the image's HEALTHCHECK once. */
  readonly health: () => Answer
  /** A field of the product's `/proc/PID/status`, e.g. `CapEff`. */
  readonly status: (field: string) => string
  /** Sends the signal to the product and waits for its end: its exit code and how long it took in ms; SIGKILL after 10 s. */
  readonly stop: (signal: NodeJS.Signals) => Promise<{ readonly code: number | null; readonly ms: number }>
  /** Ends it and everything it started, and forgets it. */
  readonly kill: () => void
}

/** What starts the image. */
export interface ImageRunner {
  readonly user: { readonly uid: number; readonly gid: number }
  /** Starts the image's ENTRYPOINT with more arguments; `/data` is the directory, all else is read-only. */
  readonly start: (
    dataDir: string,
    args?: ReadonlyArray<string>,
    env?: Readonly<Record<string, string>>,
  ) => RunningImage
  /** Paths of the image that were written since `sinceMs` (of the epoch), one a line. */
  readonly changedSince: (sinceMs: number) => string
}
