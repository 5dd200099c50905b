/** Runs HLS outputs on a stage and in a directory of their own, which are new for each test of a file. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach } from "vitest"
import type { HlsTarget } from "../../../../core/output/output-url.ts"
import { generateTs } from "../../../../test-source/test-programme.ts"
import type { OutputSpec } from "../../../protocol/messages.ts"
import { type HlsLimits, HlsOutput } from "../../hls-output.ts"
import { Stage } from "./stage.ts"

/** Bit rate of the programme in bit/s. */
export const BITRATE = 2_000_000
/** A programme of 30 s with breaks from 10 to 14 s and from 20 to 24 s. */
export const PROGRAMME = generateTs(30, { bitrate: BITRATE, breakEverySeconds: 10, breakSeconds: 4 })
export const DIRECTORY: HlsTarget = { protocol: "hls", kind: "directory", path: "a" }
export const SETTINGS = { segment_s: 2, playlist_segments: 6 }

/** Sets the stage up. Call it once in a file, outside of its tests. */
export const useHlsStage = () => {
  let root: string
  let stage: Stage
  let outputs: HlsOutput[] = []
  /** Returns a path in the test's own directory. */
  const place = (name: string) => join(root, name)
  /** Returns the directory into which an output writes its HLS. */
  const directory = () => place("hls")

  const start = (
    target: HlsTarget = DIRECTORY,
    settings: OutputSpec["settings"] = SETTINGS,
    limits: Partial<HlsLimits> = { waiting: 50 },
  ) => {
    const spec = { id: "o1", label: "hls", session: "s1", url: "hls://a", settings, directory: directory() }
    const output = new HlsOutput(stage.context, spec, 0, target, { now: stage.now, ...limits })
    stage.sessions.push(output)
    outputs.push(output)
    return output
  }
  /** Closes an output, and waits for what it still writes. */
  const stop = async (output: HlsOutput): Promise<void> => {
    output.close()
    await output.settled
  }
  /** Waits until so many segments are out. */
  const idle = (output: HlsOutput, segments: number) =>
    stage.until(`${segments} segments`, () => output.stats().packets_sent >= segments)

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "hls-output-"))
    stage = await Stage.open()
    outputs = []
  })
  afterEach(async () => {
    await Promise.all(outputs.map(stop))
    rmSync(root, { recursive: true, force: true })
  })
  return { stage: () => stage, place, directory, start, stop, idle }
}
