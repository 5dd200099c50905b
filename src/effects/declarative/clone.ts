/** A second channel like one there is. Pure but for ids and times, which come from outside. */

import { type Checked, done, failed } from "../config/checked.ts"
import { claimConflicts } from "../config/claim-conflicts.ts"
import { type Ingest, isAtIngest } from "../config/ingest.ts"
import { type GivenAddresses, LEG_FIELDS, srtTargetOf } from "../config/leg-address.ts"
import type { OutputHost } from "../config/output-place.ts"
import { newChannel, type Stamp } from "../config/validate.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { CloneInput } from "./document.ts"
import type { WantedChannel } from "./resolve.ts"

/** An output that the copy could not have, and why. */
export interface LeftOut {
  readonly output: string
  readonly reason: string
}

export interface Clone {
  readonly channel: WantedChannel
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** RTP ports are even; FEC of one channel stays clear of the next one's. */
const STEP = 2

/**
 * A listener moves with the other ports, but for one that the ingest port tells apart by the channel; what a caller asks
 * for is asked for again.
 */
const movedUrl = (source: ChannelConfig, name: SourceName, by: number, ingest: Ingest | null): string | null => {
  const [url, srt] = [source[LEG_FIELDS[name].url], srtTargetOf(source, name)]
  if (url === null || srt === null || srt.mode === "caller") return url
  if (isAtIngest(srt, ingest) && srt.streamId === null) return url
  return url.replace(/^(srt:\/\/(?:\[[^\]]*\]|[^:/?#]*)):\d+/i, `$1:${srt.port + by}`)
}

const moved = (source: ChannelConfig, by: number, ingest: Ingest | null): GivenAddresses => {
  const { backup_input_url, backup_rtp_ip, backup_rtp_port, input_url, rtp_ip, rtp_port } = source
  return {
    ...(input_url === null
      ? { rtp_ip, rtp_port: rtp_port + by }
      : { input_url: movedUrl(source, "primary", by, ingest) }),
    ...(backup_input_url === null
      ? { backup_rtp_ip, backup_rtp_port: backup_rtp_port === null ? null : backup_rtp_port + by }
      : { backup_input_url: movedUrl(source, "backup", by, ingest) }),
  }
}

/**
 * The inputs' ports are moved together, to `rtp_port` or the next free place. The copy is stopped and its outputs are
 * disabled: both would send to the same destinations. Outputs that need a port or a directory for themselves cannot be
 * there twice and are left out.
 */
export const cloneOf = (
  source: ChannelConfig,
  { name, rtp_port }: CloneInput,
  all: ReadonlyArray<ChannelConfig>,
  host: OutputHost,
  stamp: Stamp,
): Checked<Clone> => {
  const inputConflicts = (channel: WantedChannel): ReadonlyArray<FieldError> =>
    claimConflicts({ ...channel, outputs: [] }, all, () => null, true, host)
  const make = (by: number): Checked<WantedChannel> => {
    const { auto_run, input, tags } = source
    const fields = { name, ...moved(source, by, host.ingest), auto_run, autostart: false, input, tags }
    return newChannel(fields, new Set(all.map(({ slug }) => slug)), stamp)
  }
  const place = (): Checked<WantedChannel> => {
    if (rtp_port != null) return make(rtp_port - source.rtp_port)
    const highest = Math.max(source.rtp_port, source.backup_rtp_port ?? 0)
    for (let by = STEP; highest + by <= 65_535; by += STEP) {
      const channel = make(by)
      if (channel.ok && inputConflicts(channel.value).length === 0) return channel
    }
    return failed([{ path: "rtp_port", message: `is required: no port above ${source.rtp_port} is free` }])
  }

  const placed = place()
  if (!placed.ok) return placed
  if ((placed.value.backup_rtp_port ?? 1) > 65_535 || (placed.value.backup_rtp_port ?? 1) < 1) {
    return failed([
      { path: "rtp_port", message: `moves the backup's port to ${placed.value.backup_rtp_port}: choose another one` },
    ])
  }
  const outputs: OutputConfig[] = []
  const leftOut: LeftOut[] = []
  for (const output of source.outputs) {
    const copy: OutputConfig = {
      ...output,
      id: stamp.id(),
      number: outputs.length + 1,
      enabled: false,
      created_at: stamp.createdAt,
    }
    const attempt = { ...placed.value, outputs: [...outputs, copy] }
    const [conflict] = claimConflicts(attempt, all, (o) => (o === copy ? "url" : null), false, host)
    if (conflict === undefined) outputs.push(copy)
    else leftOut.push({ output: output.slug, reason: conflict.message })
  }
  const channel = { ...placed.value, outputs, should_run: false, last_output_number: outputs.length }
  return done({ channel, leftOut })
}
