/** Ports and directories that a channel would take from another output or input. */

import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { directoryOf, type OutputHost } from "./output-place.ts"
import { directoryConflicts } from "./used-directories.ts"
import { portConflicts, reservedPorts, usedPorts } from "./used-ports.ts"

/** Names the request's field of an output's URL; null when the request does not speak of that output. */
export type PathOf = (output: OutputConfig) => string | null

/**
 * @param all the channels there are; the one that is changed may be among them as it was
 * @param legs true when the request speaks of the inputs
 */
export const claimConflicts = (
  config: Omit<ChannelConfig, "number">,
  all: ReadonlyArray<ChannelConfig>,
  pathOf: PathOf,
  legs: boolean,
  host: OutputHost,
): ReadonlyArray<FieldError> => {
  const others = all.filter((c) => c.id !== config.id).flatMap((c) => usedPorts(c, () => "", host.ingest))
  const mine = usedPorts(config, (output) => pathOf(output) ?? "", host.ingest)
  const asked = mine.filter((p) => (p.isInput ? legs : p.path !== ""))
  return [
    ...portConflicts(asked, [...reservedPorts(host.ingest), ...others, ...mine.filter((p) => !asked.includes(p))]),
    ...directoryConflicts(config, pathOf, all, (output) => directoryOf(output, host)),
  ]
}
