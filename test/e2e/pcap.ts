/** Writes what passed between two UDP ports as a capture file, which tshark reads. */

export interface Captured {
  readonly bytes: Uint8Array
  readonly from: "caller" | "server"
}

/** Ports that the two sides have in the file. */
export const CALLER_PORT = 40_000
export const SERVER_PORT = 9000
/** Packets begin with their IPv4 header (LINKTYPE_RAW). */
const RAW = 101
const IP_AND_UDP = 28

const fileHeader = (): Buffer => {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(0xffff, 16)
  header.writeUInt32LE(RAW, 20)
  return header
}

const packet = ({ bytes, from }: Captured, index: number): Buffer => {
  const length = IP_AND_UDP + bytes.length
  const head = Buffer.alloc(16 + IP_AND_UDP)
  // A millisecond apart: a capture of what happened at no particular time.
  head.writeUInt32LE(Math.floor(index / 1000), 0)
  head.writeUInt32LE((index % 1000) * 1000, 4)
  head.writeUInt32LE(length, 8)
  head.writeUInt32LE(length, 12)
  head.writeUInt16BE(0x4500, 16)
  head.writeUInt16BE(length, 18)
  head.writeUInt16BE(0x4011, 24)
  head.writeUInt32BE(0x7f00_0001, 28)
  head.writeUInt32BE(0x7f00_0001, 32)
  const ports = from === "caller" ? [CALLER_PORT, SERVER_PORT] : [SERVER_PORT, CALLER_PORT]
  head.writeUInt16BE(ports[0] ?? 0, 36)
  head.writeUInt16BE(ports[1] ?? 0, 38)
  head.writeUInt16BE(8 + bytes.length, 40)
  return Buffer.concat([head, bytes])
}

/** Makes a capture file of datagrams between CALLER_PORT and SERVER_PORT (libpcap file format 2.4). */
export const pcapOf = (datagrams: ReadonlyArray<Captured>): Buffer =>
  Buffer.concat([fileHeader(), ...datagrams.map(packet)])
