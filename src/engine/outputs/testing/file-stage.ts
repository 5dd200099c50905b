/** File outputs on a stage and a directory of their own, new for each test of a file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach } from "vitest"
import { startOfRecording } from "../../../core/recording/file-names.ts"
import { generateTs } from "../../../test-source/test-programme.ts"
import type { OutputSpec } from "../../protocol/messages.ts"
import { FileOutput } from "../file-output.ts"
import { Stage } from "../uploads/testing/stage.ts"

/** Bits per second of the programme. */
export const BITRATE = 2_000_000
/** 12 s with breaks from 5 to 7 s and from 10 s on. */
export const PROGRAMME = generateTs(12, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2 })

/** An output that records into `directory`. */
export const specOf = (directory: string | null, settings: OutputSpec["settings"] = {}): OutputSpec => ({
  id: "o1",
  label: "record",
  session: "s1",
  url: "file://record",
  settings,
  directory,
})

/** To be called once in a file, outside of its tests. */
export const useFileStage = () => {
  let root: string
  let stage: Stage

  const start = async (
    directory = join(root, "record"),
    settings: OutputSpec["settings"] = {},
  ): Promise<FileOutput> => {
    const output = new FileOutput(stage.context, specOf(directory, settings), 0)
    stage.sessions.push(output)
    await stage.until("connected or ended", () => output.state !== "connecting")
    return output
  }
  /** Closes it and waits for what it still writes. */
  const stop = async (output: FileOutput): Promise<void> => {
    output.close()
    await output.settled
  }
  const files = (directory = join(root, "record")): string[] => readdirSync(directory).sort()
  const recorded = (directory = join(root, "record")): Buffer =>
    Buffer.concat(
      files(directory)
        .filter((name) => startOfRecording(name) !== null)
        .map((name) => readFileSync(join(directory, name))),
    )

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "file-output-"))
    stage = await Stage.open()
  })
  afterEach(async () => {
    for (const session of stage.sessions) session.close()
    rmSync(root, { recursive: true, force: true })
  })
  return { root: () => root, stage: () => stage, start, stop, files, recorded }
}
