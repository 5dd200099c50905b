import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Happening } from "../model/event.ts"
import { channelConfig, outputConfig, outputHost } from "../testing/configs.ts"
import { type FakeEngine, makeFakeEngine } from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { makeChannel, runChannel } from "./Channel.ts"
import type { Channel } from "./started-channel.ts"

const rtsp = outputConfig({ id: "r", slug: "r", protocol: "rtsp", url: "rtsp://me:s3cret@192.0.2.1/live" })
const noCues: Channel["keepCue"] = (cue) => ({ current: () => cue, update: () => undefined })

/** A running channel with an RTSP output; `script` stands for ffmpeg. */
const started = (script: string) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const ffmpeg = join(directory, "ffmpeg")
    writeFileSync(ffmpeg, `#!/bin/sh\n${script}\n`)
    chmodSync(ffmpeg, 0o700)
    const runDir = join(directory, "run")
    mkdirSync(runDir)
    writeFileSync(join(runDir, "r.pid"), "999999999\n")
    const engine = yield* makeFakeEngine()
    const events: Happening[] = []
    const record = (happening: Happening) => Effect.sync(() => void events.push(happening))
    const host = outputHost({ runDir, ffmpeg })
    const channel = yield* makeChannel(channelConfig({ outputs: [rtsp] }), {
      engine: engine.service,
      host,
      changed: Effect.void,
      record,
      keepCue: noCues,
    })
    const fiber = yield* Effect.fork(runChannel(channel))
    yield* Effect.addFinalizer(() => Fiber.interrupt(fiber))
    return { channel, engine, events, fiber, runDir }
  })
/** Waits until the condition holds, 8 s at most. */
const until = (condition: () => boolean) =>
  Effect.sleep(10).pipe(Effect.repeat({ until: condition }), Effect.timeout("8 seconds"))
const opened = (engine: FakeEngine) =>
  engine.sent.flatMap((command) => (command.cmd === "open_output" ? [command.output] : []))

describe("an RTSP output", () => {
  it.scopedLive("is connected when ffmpeg streams, not when the engine has opened the FIFO", () =>
    Effect.gen(function* () {
      const { channel, engine, fiber, runDir } = yield* started(
        "while [ ! -e $(dirname $0)/go ]; do sleep 0.02; done; echo frame=3; exec sleep 60",
      )
      yield* until(() => opened(engine).length === 1)
      const [spec] = opened(engine)
      assert.match(spec?.pipe ?? "", new RegExp(`^${runDir}/r-[0-9a-f]{8}$`))
      yield* engine.output("r", "connected")
      yield* Effect.sleep(50)
      assert.strictEqual(channel.runtime.outputs.get("r")?.status, "connecting")
      writeFileSync(join(runDir, "..", "go"), "")
      yield* until(() => channel.runtime.outputs.get("r")?.status === "connected")
      yield* Fiber.interrupt(fiber)
      assert.include(engine.log(), "close_output r")
    }),
  )

  it.scopedLive("retries with the reason that ffmpeg gave, whatever the engine says of its FIFO", () =>
    Effect.gen(function* () {
      const { channel, engine, events } = yield* started(
        'sleep 0.1; echo "[rtsp @ 0x1] method ANNOUNCE failed: 404 Not Found" >&2; exit 1',
      )
      yield* until(() => opened(engine).length === 1)
      yield* engine.output("r", "ended", { code: "pipe", message: "ffmpeg no longer reads its input", transient: true })
      const output = () => channel.runtime.outputs.get("r")
      yield* until(() => output()?.status === "retrying")
      assert.deepInclude(output(), { lastError: "ffmpeg ended: method ANNOUNCE failed: 404 Not Found", errorCount: 1 })
      assert.deepInclude(events.at(-1), { kind: "output_failed", severity: "warning", output: "r" })
      yield* until(() => opened(engine).length === 2)
      assert.notStrictEqual(opened(engine)[0]?.pipe, opened(engine)[1]?.pipe)
    }),
  )

  it.scopedLive("is connected again by itself after the engine was lost", () =>
    Effect.gen(function* () {
      const { channel, engine } = yield* started("echo frame=3; exec sleep 60")
      const output = () => channel.runtime.outputs.get("r")
      yield* until(() => output()?.status === "connected")
      yield* engine.lose
      yield* until(() => output()?.status === "retrying")
      assert.deepInclude(output(), { lastError: "the engine (pid 4711) was lost", nextRetryAt: null })
      yield* engine.connect()
      yield* until(() => output()?.status === "connected")
      assert.deepInclude(output(), { reconnects: 1 })
    }),
  )
})
