/** Ports and directories that two parts of a wanted configuration claim both. Of two the later one is told. Pure. */

import { legErrors } from "../config/leg-errors.ts"
import type { OutputHost } from "../config/output-place.ts"
import { privateTargetErrors } from "../config/private-targets.ts"
import { directoryConflicts } from "../config/used-directories.ts"
import { portConflicts, reservedPorts, type UsedPort, usedPorts } from "../config/used-ports.ts"
import type { OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { Sliced } from "../model/slices.ts"
import type { ConfigDocument } from "./document.ts"
import type { WantedChannel } from "./resolve.ts"
import { makeDirectories } from "./takes-over.ts"

/** Paths of a channel's outputs in the document, without their dot. */
const placesIn = (document: ConfigDocument, index: number) => {
  const places = new Map(document.channels[index]?.outputs?.map(({ slug }, place) => [slug, place]))
  return ({ slug }: OutputConfig) => `outputs[${places.get(slug) ?? 0}]`
}

/** See `privateTargetErrors` and `legErrors`; arguments as of `conflictsWithin`. */
export function* privateTargetsWithin(
  channels: ReadonlyArray<WantedChannel>,
  document: ConfigDocument,
  host: OutputHost,
): Sliced<ReadonlyArray<FieldError>> {
  const errors: FieldError[] = []
  for (const [index, channel] of channels.entries()) {
    yield
    const placeOf = placesIn(document, index)
    errors.push(
      ...legErrors(channel, host, null, `channels[${index}].`),
      ...channel.outputs.flatMap((output) =>
        privateTargetErrors(output, host, `channels[${index}].${placeOf(output)}.`),
      ),
    )
  }
  return errors
}

/**
 * @param channels what became of those of the document, in their order
 * @param document names the paths of the errors
 */
export function* conflictsWithin(
  channels: ReadonlyArray<WantedChannel>,
  document: ConfigDocument,
  host: OutputHost,
): Sliced<ReadonlyArray<FieldError>> {
  const directory = makeDirectories(host)
  const claimed: UsedPort[] = [...reservedPorts(host.ingest)]
  const found: FieldError[] = []
  for (const [index, channel] of channels.entries()) {
    yield
    const placeOf = placesIn(document, index)
    const pathOf = (output: OutputConfig) => `${placeOf(output)}.url`
    const ports = usedPorts(channel, pathOf, host.ingest)
    const writes = channel.outputs.some((output) => directory(output) !== null)
    const errors = [
      ...portConflicts(ports, claimed),
      ...(writes ? directoryConflicts(channel, pathOf, channels.slice(0, index), directory) : []),
    ]
    claimed.push(...ports)
    found.push(...errors.map(({ message, path }) => ({ path: `channels[${index}].${path}`, message })))
  }
  return found
}
