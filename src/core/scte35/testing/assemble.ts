/** Sections that are put together by hand from the syntax tables of SCTE 35, without help of the encoder. */

import { fromHex } from "../../bytes/bytes-text.ts"
import { crc32 } from "../../ts/crc32.ts"
import { decodeSpliceInfoSection } from "../decode-section.ts"
import type { SpliceInfoSection } from "../section-fields.ts"

/** Parts of a section in hexadecimal digits; spaces are allowed. */
export interface Parts {
  readonly type: string
  readonly command: string
  readonly descriptors?: string
  readonly stuffing?: string
  /** Three digits; the true length when left out. */
  readonly commandLength?: string
  /** Four digits; the true length when left out. */
  readonly loopLength?: string
  /** Ten digits: encrypted_packet, encryption_algorithm and pts_adjustment. */
  readonly adjustment?: string
  readonly protocol?: string
}

const hexWidth = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
const dense = (text: string): string => text.replaceAll(" ", "")

/** Puts a section together from table_id to CRC_32, without help of the encoder. */
export const assemble = (parts: Parts): Uint8Array => {
  const command = dense(parts.command)
  const loop = dense(parts.descriptors ?? "")
  const body = [
    parts.protocol ?? "00",
    parts.adjustment ?? "0000000000",
    "00",
    "fff",
    parts.commandLength ?? hexWidth(command.length / 2, 3),
    parts.type,
    command,
    parts.loopLength ?? hexWidth(loop.length / 2, 4),
    loop,
    dense(parts.stuffing ?? ""),
  ].join("")
  const start = fromHex(`fc3${hexWidth(body.length / 2 + 4, 3)}${body}`) ?? new Uint8Array(0)
  return Uint8Array.of(...start, ...(fromHex(hexWidth(crc32(start), 8)) ?? []))
}

/** Decodes bytes that must hold a section. */
export const read = (bytes: Uint8Array): SpliceInfoSection => {
  const decoded = decodeSpliceInfoSection(bytes)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.section
}
