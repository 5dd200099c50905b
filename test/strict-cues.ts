/** SCTE-35 sections of a transport stream, by a parser that shares nothing with the product. */
import { PACKET_BYTES, readPacket, SectionReader } from "./strict-packet.ts"

/** The SCTE-35 sections of a PID in hexadecimal, in their order. */
export const cuesIn = (stream: Uint8Array, pid: number): string[] => {
  const reader = new SectionReader()
  const found: string[] = []
  for (let at = 0; at + PACKET_BYTES <= stream.length; at += PACKET_BYTES) {
    const packet = readPacket(stream, at)
    if (packet.pid !== pid || packet.payload.length === 0) continue
    for (const section of reader.push(packet.payload, packet.unitStart).sections)
      found.push(Buffer.from(section).toString("hex"))
  }
  return found
}
