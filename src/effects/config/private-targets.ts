/**
 * With ALLOW_PRIVATE_TARGETS=off: what is wrong with where an output goes, as far as its URL and settings tell. Names
 * are for the engine.
 */
import { privateTargetProblem } from "../../core/net/private-address.ts"
import { targetHost } from "../../core/output/target-host.ts"
import type { OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { type OutputHost, readBackupOf, readOutput } from "./output-place.ts"

/** @param at path of the output in the request, with its dot: `` or `outputs[0].` */
export const privateTargetErrors = (
  output: Pick<OutputConfig, "url" | "stream_key" | "settings">,
  host: Pick<OutputHost, "allowPrivateTargets">,
  at = "",
): ReadonlyArray<FieldError> => {
  if (host.allowPrivateTargets) return []
  const parsed = readOutput(output)
  const backup = readBackupOf(output)
  const found = [
    parsed.ok ? targetHost(parsed.target, output.settings) : null,
    backup?.ok === true ? { host: backup.target.host, path: "settings.backup_url" } : null,
  ]
  return found.flatMap((one) => {
    const message = one === null ? null : privateTargetProblem(one.host, one.host)
    return one === null || message === null ? [] : [{ path: `${at}${one.path}`, message }]
  })
}
