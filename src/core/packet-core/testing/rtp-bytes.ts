/** RTP datagrams of null packets, for tests. */
import { buildPacket, NULL_PID } from "../../ts/packet.ts"
import type { Datagram } from "./reference-datagram.ts"

export const bytes = (...parts: ReadonlyArray<Uint8Array | ReadonlyArray<number>>) =>
  new Uint8Array(parts.flatMap((part) => [...part]))
export const packet = buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) })
export const bad = new Uint8Array(packet).fill(0x46, 0, 1)
export const ts7 = bytes(...Array.from({ length: 7 }, () => packet))
export const at = (datagram: Uint8Array, rx_us: number, port = 5000): Datagram => ({
  bytes: datagram,
  rx_us,
  ipv4: 0x0a000001,
  port,
})
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
