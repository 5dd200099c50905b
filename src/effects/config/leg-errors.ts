/**
 * What the settings of the service forbid of a channel's SRT inputs, as far as their URLs tell: calls to private
 * addresses, and passphrases that the ingest port does not have. Names are for the engine.
 */
import { privateTargetProblem } from "../../core/net/private-address.ts"
import type { FieldError } from "../model/Errors.ts"
import { ingestProblem } from "./ingest.ts"
import { LEG_FIELDS, type LegAddresses, srtTargetOf } from "./leg-address.ts"
import type { OutputHost } from "./output-place.ts"

/**
 * @param before the channel as it was: what stays as it is there is the engine's to refuse, so that the channel can
 *   still be changed otherwise
 * @param at path of the channel in the request, with its dot: `` or `channels[0].`
 */
export const legErrors = (
  config: LegAddresses,
  { allowPrivateTargets, ingest }: Pick<OutputHost, "allowPrivateTargets" | "ingest">,
  before: LegAddresses | null = null,
  at = "",
): ReadonlyArray<FieldError> =>
  (["primary", "backup"] as const).flatMap((name) => {
    const { url: field } = LEG_FIELDS[name]
    const target = srtTargetOf(config, name)
    if (target === null || config[field] === before?.[field]) return []
    const isRefused = !allowPrivateTargets && target.mode === "caller"
    const message = isRefused ? privateTargetProblem(target.host, target.host, "input") : ingestProblem(target, ingest)
    return message === null ? [] : [{ path: `${at}${field}`, message }]
  })
