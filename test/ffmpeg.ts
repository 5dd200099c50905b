/** ffmpeg for the tests of files. It takes longer to start than to do what a test wants, so it does all of it at once. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const hasFfmpeg = spawnSync("sh", ["-c", "command -v ffmpeg"]).status === 0

/** A file that is read, and what is written of it. */
export interface FfmpegJob {
  readonly input: Uint8Array
  /** Format of the input. */
  readonly format: string
  readonly outputs: ReadonlyArray<{
    /** Streams of the input, such as `i:256` for that of a PID; all of them when it is empty. */
    readonly maps: ReadonlyArray<string>
    /** Options of the output, with its format. */
    readonly options: ReadonlyArray<string>
  }>
}

const TIMEOUT_MS = 300_000

/**
 * Does all jobs in one run. Returns the bytes of each output of each job, none where it was not written, and how ffmpeg
 * ended with what it said.
 */
export const runFfmpeg = (jobs: ReadonlyArray<FfmpegJob>, options: ReadonlyArray<string> = []) => {
  const folder = mkdtempSync(join(tmpdir(), "ffmpeg-"))
  const inputAt = (job: number) => join(folder, `${job}.in`)
  const outputAt = (job: number, output: number) => join(folder, `${job}-${output}.out`)
  try {
    for (const [at, { input }] of jobs.entries()) writeFileSync(inputAt(at), input)
    const inputs = jobs.flatMap(({ format }, at) => ["-f", format, "-i", inputAt(at)])
    const outputs = jobs.flatMap(({ outputs }, at) =>
      outputs.flatMap(({ maps, options }, index) => [
        ...(maps.length === 0 ? ["-map", `${at}`] : maps.flatMap((map) => ["-map", `${at}:${map}`])),
        ...options,
        outputAt(at, index),
      ]),
    )
    const { status, stderr } = spawnSync("ffmpeg", ["-v", "error", "-y", ...options, ...inputs, ...outputs], {
      maxBuffer: 2 ** 28,
      timeout: TIMEOUT_MS,
    })
    const read = (path: string) => new Uint8Array(existsSync(path) ? readFileSync(path) : [])
    return {
      status,
      stderr: stderr.toString(),
      files: jobs.map(({ outputs }, at) => outputs.map((_, index) => read(outputAt(at, index)))),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
