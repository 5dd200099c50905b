/**
 * Sends RTP with TS to a multicast group until it is killed: `multicast-sender.ts GROUP PORT ADDRESS...`, with a
 * datagram every 5 ms from each local address. The SSRC is the address; with IPv6, its last four bytes. A datagram that
 * cannot be sent, as while there is no network, is sent when it can be: losses happen on the way only. A group of IPv6
 * names its interface as its zone.
 */
import { createSocket } from "node:dgram"
import { addressWords } from "../../src/core/net/address.ts"
import { buildRtp } from "../../src/core/rtp/header.ts"
import { numberedTs } from "./datagrams.ts"

const [group = "", port = "", ...addresses] = process.argv.slice(2)
const EVERY_MS = 5

for (const address of addresses) {
  const v6 = address.includes(":")
  const zone = group.split("%")[1]
  const socket = createSocket(v6 ? "udp6" : "udp4")
  socket.on("error", () => {})
  const words = addressWords(address)
  /** Follows the interface, since one that was created anew has another index. */
  const follow = () => {
    try {
      if (v6 && zone !== undefined) socket.setMulticastInterface(`::%${zone}`)
    } catch {
      // The interface is away.
    }
  }
  // A socket that is bound to an address sends to groups from the interface that has the address, whatever the routes.
  socket.bind(0, address, () => {
    const ssrc = words?.[3] ?? 0
    let sent = 0
    setInterval(() => {
      const datagram = buildRtp(
        { ssrc, sequence: sent & 0xffff, timestamp: sent * EVERY_MS * 90 },
        numberedTs(7, sent * 7),
      )
      const mine = sent
      follow()
      socket.send(datagram, Number(port), group, (error) => {
        if (error == null && sent === mine) sent += 1
      })
    }, EVERY_MS)
  })
}
