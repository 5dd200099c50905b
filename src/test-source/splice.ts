// The cues of the test source in its own terms; the product's codec writes them.
import { type BuiltCue, spliceInsert as buildInsert, spliceNull as buildNull } from "../core/scte35/build-cue.ts"

/** One splice_insert for the whole programme at a given time. Times are 90 kHz ticks of 33 bits. */
export interface SpliceInsert {
  readonly eventId: number
  /** True leaves the network for the break; false comes back to it. */
  readonly outOfNetwork: boolean
  readonly pts90k: number
  /** Length of the break, which sets auto_return; left out on the way back. */
  readonly duration90k?: number
  readonly uniqueProgramId: number
}

const bytesOf = (cue: BuiltCue): Uint8Array => {
  if (!cue.ok) throw new RangeError(`a cue of the test source cannot be written: ${cue.problems.join("; ")}`)
  return cue.bytes
}

/** Builds a heartbeat: a splice_null (SCTE 35 9.7.1). */
export const spliceNull = (): Uint8Array => bytesOf(buildNull())

/**
 * Builds a splice_insert (SCTE 35 9.7.3) for the whole programme at `pts90k`, as avail 1 of 1. Throws a RangeError for
 * a value that does not fit its field.
 */
export const spliceInsert = ({
  eventId,
  outOfNetwork,
  pts90k,
  duration90k,
  uniqueProgramId,
}: SpliceInsert): Uint8Array =>
  bytesOf(
    buildInsert({
      splice_event_id: eventId,
      out_of_network_indicator: outOfNetwork,
      pts_time: pts90k,
      break_duration: duration90k,
      unique_program_id: uniqueProgramId,
      avail_num: 1,
      avails_expected: 1,
    }),
  )
