/** Ports and directories that change hands within one plan. Pure. */

import { directoryOf, type OutputHost } from "../config/output-place.ts"
import { directoryConflicts } from "../config/used-directories.ts"
import { portConflicts, type UsedPort, usedPorts } from "../config/used-ports.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { Sliced } from "../model/slices.ts"
import type { WantedChannel } from "./resolve.ts"

/** Directories of outputs, each found once: reading a URL takes longer than comparing what it claims. */
export const makeDirectories = (host: OutputHost): ((output: OutputConfig) => string | null) => {
  const known = new Map<OutputConfig, string | null>()
  return (output) => {
    const found = known.get(output)
    if (found !== undefined) return found
    const directory = directoryOf(output, host)
    known.set(output, directory)
    return directory
  }
}

/**
 * Tells of a channel whether it wants what another one, as it was, still holds: then it has to wait until that one has
 * let go.
 *
 * @param olds channels that change, as they were
 */
export function* makeTakesOver(
  olds: ReadonlyArray<ChannelConfig>,
  host: OutputHost,
): Sliced<(next: WantedChannel) => boolean> {
  if (olds.length < 2) return () => false
  const path = () => "url"
  const directory = makeDirectories(host)
  const held: Array<{ id: string; ports: ReadonlyArray<UsedPort> }> = []
  for (const old of olds) {
    yield
    held.push({ id: old.id, ports: usedPorts(old, path, host.ingest) })
  }
  return (next) => {
    const others = held.filter(({ id }) => id !== next.id).flatMap(({ ports }) => ports)
    if (portConflicts(usedPorts(next, path, host.ingest), others).length > 0) return true
    return (
      next.outputs.some((output) => directory(output) !== null) &&
      directoryConflicts(next, path, olds, directory).length > 0
    )
  }
}
