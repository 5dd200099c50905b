import { Context, Effect, Layer } from "effect"
import { keyTestOf } from "../../core/output/key-test.ts"
import { isSameStream } from "../../core/rtmp/rtmp-url.ts"
import type { OutputTest, Reason } from "../../engine/protocol/messages.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { accept } from "../config/accept.ts"
import { ChannelBook, type ChannelBookService } from "../config/ChannelBook.ts"
import { findOutput } from "../config/find-config.ts"
import { hideSecrets } from "../config/hide-secrets.ts"
import { outputHostOf } from "../config/output-host.ts"
import { type OutputHost, outputSpec, readOutput } from "../config/output-place.ts"
import type { OutputUpdate } from "../config/request-bodies.ts"
import { stamp } from "../config/stamp.ts"
import { changedOutput, newOutput } from "../config/validate.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import type { OutputConfig, OutputTestView } from "../model/channel.ts"
import { EngineUnavailable, type InvalidInput, type NotFound, type StoreError } from "../model/Errors.ts"
import { publicRtspUrl } from "../rtsp/rtsp-address.ts"
import { probeRtsp } from "../rtsp/rtsp-probe.ts"
import { Templates } from "../templates/Templates.ts"
import type { OutputRequest } from "../templates/template-model.ts"
import { Registry } from "./Registry.ts"

/**
 * A dry run connects to a destination as an output would, and leaves without sending anything of a channel; it answers
 * within 25 s.
 */
export interface DryRunsService {
  /** Tries an output that is not stored; a template is filled in for the channel `ref` (UUID, slug or number). */
  readonly ofNew: (
    input: OutputRequest,
    ref?: string,
  ) => Effect.Effect<OutputTestView, NotFound | InvalidInput | StoreError | EngineUnavailable>
  /** Tries an output that there is, as it is or as `change` would make it. */
  readonly ofExisting: (
    ref: string,
    output: string,
    change?: OutputUpdate,
  ) => Effect.Effect<OutputTestView, NotFound | InvalidInput | EngineUnavailable>
}

const UNTRIED_KEY = "the stream key was not tried"
const UNTRIED_PATH = "the path, and the login where OPTIONS needs none, were not tried: that takes publishing"

const refused = (error: Reason): OutputTest => ({
  ok: false,
  untested: null,
  steps: [],
  error,
  address: null,
  took_ms: 0,
})

/** What is shown of it, without secrets: nothing is well of which something was not tried. */
const shown = (
  output: OutputConfig,
  stored: OutputConfig,
  { ok, untested = null, ...test }: OutputTest,
): OutputTestView => {
  const [hideTried, hideStored] = [hideSecrets(output), hideSecrets(stored)]
  const hide = (text: string) => hideStored(hideTried(text))
  const outcome = !ok ? "failed" : untested === null ? "ok" : "unknown"
  return {
    ...test,
    outcome,
    ok: outcome === "ok",
    untested: outcome === "unknown" && untested !== null ? hide(untested) : null,
    steps: test.steps.map(hide),
    error: test.error === null ? null : { ...test.error, message: hide(test.error.message) },
  }
}

/** Whether the engine may publish to this destination; null for one to which that means nothing. */
const keyTest = (output: OutputConfig) => {
  const parsed = readOutput(output)
  return parsed.ok && parsed.target.protocol === "rtmp" ? keyTestOf(output.preset, parsed.target.url.host) : null
}

const rtmpUrlOf = (output: OutputConfig) => {
  const parsed = readOutput(output)
  return parsed.ok && parsed.target.protocol === "rtmp" ? parsed.target.url : null
}

/**
 * The channel whose engine is asked: the one that publishes the stream already, since only its engine knows how that
 * goes; otherwise the channel that the output is for, undefined for none.
 */
const askedBy = (
  output: OutputConfig,
  { all, runs }: Pick<ChannelBookService, "all" | "runs">,
  own: string | undefined,
): string | undefined => {
  const url = rtmpUrlOf(output)
  if (url === null) return own
  const publishes = (other: OutputConfig) => {
    const published = other.enabled ? rtmpUrlOf(other) : null
    return published !== null && isSameStream(published, url)
  }
  return all().find(({ id, outputs }) => runs(id) && outputs.some(publishes))?.id ?? own
}

/**
 * What came of it; that it failed is an answer like any other. A server may name what another output publishes to it,
 * so that the secrets of the `stored` output are hidden, too, when a change of it is tried.
 */
const dryRun = (
  engine: EngineClientService,
  host: OutputHost,
  output: OutputConfig,
  near: string | undefined,
  stored: OutputConfig = output,
): Effect.Effect<OutputTestView, EngineUnavailable> =>
  Effect.gen(function* () {
    if (output.protocol === "rtsp") {
      const url = host.allowPrivateTargets ? output.url : yield* publicRtspUrl(output.url)
      return { ...(yield* Effect.promise(() => probeRtsp(url))), untested: UNTRIED_PATH }
    }
    const key = keyTest(output)
    const { test } = yield* engine.send(
      {
        cmd: "test_output",
        output: outputSpec(output, host, crypto.randomUUID()),
        ...(key?.publish === true ? { publish: { query: key.query } } : {}),
      },
      near,
    )
    if (test === undefined)
      return yield* new EngineUnavailable({ reason: "it answered without the outcome of the test" })
    if (key?.publish === false && test.untested != null) return { ...test, untested: `${UNTRIED_KEY}: ${key.why}` }
    // An engine from before this question was asked has not published.
    return key !== null && test.untested === undefined ? { ...test, untested: UNTRIED_KEY } : test
  }).pipe(
    Effect.catchTag("EngineRefused", ({ code, reason, transient }) =>
      Effect.succeed(refused({ code, message: reason, transient })),
    ),
    Effect.catchTag("OutputEnded", ({ code, reason, transient }) =>
      Effect.succeed(refused({ code, message: reason, transient })),
    ),
    Effect.map((test) => shown(output, stored, test)),
  )

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const engine = yield* EngineClient
  const host = outputHostOf(yield* AppConfig)
  const { checkTargets } = yield* Registry
  const templates = yield* Templates

  return DryRuns.of({
    ofNew: Effect.fn("DryRuns.ofNew")(function* (request: OutputRequest, ref = "") {
      const input =
        request.template === undefined ? request : yield* templates.outputFor(request, yield* book.find(ref))
      const output = yield* accept(newOutput(input, [], yield* stamp, ""))
      yield* checkTargets([output])
      return yield* dryRun(engine, host, output, askedBy(output, book, undefined))
    }),
    ofExisting: Effect.fn("DryRuns.ofExisting")(function* (ref: string, output: string, input: OutputUpdate = {}) {
      const channel = yield* book.find(ref)
      const stored = yield* findOutput(channel, output)
      const tried = yield* accept(changedOutput(stored, input))
      return yield* dryRun(engine, host, tried, askedBy(tried, book, channel.id), stored)
    }),
  })
})

export class DryRuns extends Context.Tag("distributor/DryRuns")<DryRuns, DryRunsService>() {
  static readonly Live = Layer.effect(DryRuns, make)
}
