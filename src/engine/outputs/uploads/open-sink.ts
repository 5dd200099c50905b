/** From an HLS target to what its segments are put by. */
import type { HlsTarget } from "../../../core/output/output-url.ts"
import type { OutputSpec } from "../../protocol/messages.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import { DirectorySink } from "./directory-sink.ts"
import { HttpSink } from "./http-sink.ts"
import { s3Destination } from "./s3-destination.ts"

/**
 * The sink of a target; throws SetupFailure for a specification that lacks something. `timeoutMs` is for one request.
 */
export const openSink = (target: HlsTarget, spec: OutputSpec, timeoutMs: number): DirectorySink | HttpSink => {
  const settings = spec.settings ?? {}
  const publicOnly = spec.public_only === true
  if (target.kind === "directory") {
    if (spec.directory == null)
      throw new SetupFailure({
        code: "directory",
        message: "the output has no directory to write to",
        transient: false,
      })
    return new DirectorySink(spec.directory, spec.label)
  }
  if (target.kind === "s3")
    return new HttpSink({ ...s3Destination(target, settings, process.env), publicOnly }, timeoutMs)
  const { base, playlist, query } = target
  const method = settings.http_method === "post" ? "POST" : "PUT"
  return new HttpSink(
    { base, query, playlist, method, verifyTls: settings.verify_tls ?? true, publicOnly, sign: null },
    timeoutMs,
  )
}
