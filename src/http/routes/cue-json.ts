/** A cue as the API shows it, decoded by this version of the software. */
import { decodeSpliceInfoSection } from "../../core/scte35/decode-section.ts"
import type { SpliceInfoSection } from "../../core/scte35/section-fields.ts"
import type { CueView } from "../../effects/model/cue.ts"

export interface DecodedCueView extends CueView {
  /** The decoded section; null when the bytes are not one, and `errors` says why. */
  readonly section: SpliceInfoSection | null
}

export const withSection = (cue: CueView): DecodedCueView => {
  const decoded = decodeSpliceInfoSection(new Uint8Array(Buffer.from(cue.base64, "base64")))
  return { ...cue, section: decoded.ok ? decoded.section : null }
}
