/** Ports and directories that two parts of a wanted configuration claim both. Of two the later one is told. Pure. */

import type { OutputHost } from "../config/output-place.ts"
import { privateTargetErrors } from "../config/private-targets.ts"
import { directoryConflicts } from "../config/used-directories.ts"
import { portConflicts, type UsedPort, usedPorts } from "../config/used-ports.ts"
import type { FieldError } from "../Errors.ts"
import type { OutputConfig } from "../model.ts"
import type { ConfigDocument } from "./document.ts"
import type { WantedChannel } from "./resolve.ts"
import { makeDirectories } from "./takes-over.ts"

/** Paths of a channel's outputs in the document, without their dot. */
const placesIn = (document: ConfigDocument, index: number) => {
  const places = new Map(document.channels[index]?.outputs?.map(({ slug }, place) => [slug, place]))
  return ({ slug }: OutputConfig) => `outputs[${places.get(slug) ?? 0}]`
}

/** See `privateTargetErrors`; arguments as of `conflictsWithin`. */
export const privateTargetsWithin = (
  channels: ReadonlyArray<WantedChannel>,
  document: ConfigDocument,
  host: OutputHost,
): ReadonlyArray<FieldError> =>
  channels.flatMap(({ outputs }, index) => {
    const placeOf = placesIn(document, index)
    return outputs.flatMap((output) => privateTargetErrors(output, host, `channels[${index}].${placeOf(output)}.`))
  })

/**
 * @param channels what became of those of the document, in their order
 * @param document names the paths of the errors
 */
export const conflictsWithin = (
  channels: ReadonlyArray<WantedChannel>,
  document: ConfigDocument,
  host: OutputHost,
): ReadonlyArray<FieldError> => {
  const directory = makeDirectories(host)
  const claimed: UsedPort[] = []
  return channels.flatMap((channel, index) => {
    const placeOf = placesIn(document, index)
    const pathOf = (output: OutputConfig) => `${placeOf(output)}.url`
    const ports = usedPorts(channel, pathOf)
    const writes = channel.outputs.some((output) => directory(output) !== null)
    const errors = [
      ...portConflicts(ports, claimed),
      ...(writes ? directoryConflicts(channel, pathOf, channels.slice(0, index), directory) : []),
    ]
    claimed.push(...ports)
    return errors.map(({ message, path }) => ({ path: `channels[${index}].${path}`, message }))
  })
}
