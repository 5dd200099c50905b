/** Tests of destinations: RTSP from here, since ffmpeg cannot log in without publishing; everything else by the engine. */
import { Effect } from "effect"
import type { OutputTest, Reason } from "../engine/messages.ts"
import { type OutputHost, outputSpec } from "./config/output-place.ts"
import { EngineUnavailable } from "./Errors.ts"
import type { EngineClientService } from "./engine/EngineClient.ts"
import type { OutputConfig } from "./model.ts"
import { publicRtspUrl } from "./rtsp/rtsp-address.ts"
import { probeRtsp } from "./rtsp/rtsp-probe.ts"
import { hideSecrets } from "./show/hide-secrets.ts"

const masked = (output: OutputConfig, test: OutputTest): OutputTest => {
  const hide = hideSecrets(output)
  return { ...test, steps: test.steps.map(hide), error: test.error === null ? null : { ...test.error, message: hide(test.error.message) } }
}

const refused = (error: Reason): OutputTest => ({ ok: false, steps: [], error, address: null, took_ms: 0 })

/** What came of it; `ok` false is an answer like any other. */
export const dryRun = (engine: EngineClientService, host: OutputHost, output: OutputConfig): Effect.Effect<OutputTest, EngineUnavailable> =>
  Effect.gen(function* () {
    if (output.protocol === "rtsp") {
      const url = host.allowPrivateTargets ? output.url : yield* publicRtspUrl(output.url)
      return yield* Effect.promise(() => probeRtsp(url))
    }
    const { test } = yield* engine.send({ cmd: "test_output", output: outputSpec(output, host, crypto.randomUUID()) })
    return test ?? (yield* new EngineUnavailable({ reason: "it answered without the outcome of the test" }))
  }).pipe(
    Effect.catchTag("EngineRefused", ({ code, reason, transient }) => Effect.succeed(refused({ code, message: reason, transient }))),
    Effect.catchTag("OutputEnded", ({ code, reason, transient }) => Effect.succeed(refused({ code, message: reason, transient }))),
    Effect.map((test) => masked(output, test)),
  )
