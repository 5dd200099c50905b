/**
 * Directories that outputs write to. Each is of one output alone: another one in it, above or below it, would overwrite
 * or remove files.
 */

import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"

const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)

type Channel = Pick<ChannelConfig, "id" | "name" | "outputs">

/**
 * One error for each output of `channel` whose directory is another's.
 *
 * @param pathOf the request's field that names the URL of an output; null when the request does not speak of
 * that output
 * @param all the channels there are; the one that is changed may be among them as it was
 * @param directoryOf absolute path, or null for an output that writes to none
 */
export const directoryConflicts = (
  channel: Channel,
  pathOf: (output: OutputConfig) => string | null,
  all: ReadonlyArray<Channel>,
  directoryOf: (output: OutputConfig) => string | null,
): ReadonlyArray<FieldError> => {
  const claims = [channel, ...all.filter(({ id }) => id !== channel.id)].flatMap(({ name, outputs }) =>
    outputs.map((output) => ({
      output,
      directory: directoryOf(output),
      owner: `output "${output.name}" of channel "${name}"`,
    })),
  )
  return channel.outputs.flatMap((output, index) => {
    const path = pathOf(output)
    const directory = directoryOf(output)
    if (path === null || directory === null) return []
    // When one request asks for the same directory twice, the second output is told.
    const isOther = (other: OutputConfig) =>
      other !== output && !(channel.outputs.indexOf(other) > index && pathOf(other) !== null)
    const clash = claims.find((c) => c.directory !== null && isOther(c.output) && overlap(c.directory, directory))
    if (clash === undefined) return []
    const message =
      clash.directory === directory
        ? `the directory ${directory} is already used by ${clash.owner}`
        : `the directory ${directory} and that of ${clash.owner}, ${clash.directory}, lie one in the other`
    return [{ path, message }]
  })
}
