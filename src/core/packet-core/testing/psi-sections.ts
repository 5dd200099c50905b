/** Sections of PAT, PMT and SCTE-35 for tests. */
import { joinBytes } from "../../bytes/join-bytes.ts"
import { buildPacket } from "../../ts/packet.ts"
import { sealSection } from "../../ts/psi.ts"

/** A private section of `length` bytes with its CRC_32. */
export const privateSection = (length: number, table = 0xfc) => {
  const section = Uint8Array.from({ length }, (_, i) => (i * 13) & 255)
  section.set([table, 0x30 | ((length - 3) >> 8), (length - 3) & 255])
  return sealSection(section)
}

/**
 * Sections one after the other in one payload stream of a PID, each start marked by the pointer_field of its packet.
 */
export const packSections = (pid: number, sections: ReadonlyArray<Uint8Array>) => {
  const starts = sections.map((_, i) => sections.slice(0, i).reduce((sum, section) => sum + section.length, 0))
  const content = joinBytes(sections)
  const packets: Uint8Array[] = []
  let at = 0
  while (at < content.length) {
    const start = starts.find((each) => each >= at && each < at + 183)
    const room = start === undefined ? 184 : 183
    const payload = new Uint8Array(184).fill(0xff)
    if (start !== undefined) payload[0] = start - at
    payload.set(content.subarray(at, at + room), 184 - room)
    packets.push(buildPacket({ pid, continuity_counter: packets.length, unit_start: start !== undefined, payload }))
    at += room
  }
  return joinBytes(packets)
}
