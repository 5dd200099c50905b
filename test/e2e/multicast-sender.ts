/**
 * Sends RTP with TS to a multicast group until it is killed: `multicast-sender.ts GROUP PORT ADDRESS...`, a datagram every 5 ms from
 * each local address. The SSRC is the address. What cannot be sent while there is no network is lost.
 */
import { createSocket } from "node:dgram"
import { buildRtp } from "../../src/core/rtp/header.ts"
import { numberedTs } from "./datagrams.ts"

const [group = "", port = "", ...addresses] = process.argv.slice(2)
const EVERY_MS = 5

for (const address of addresses) {
  const socket = createSocket("udp4")
  socket.on("error", () => {})
  // Bound to an address, it sends to groups from the interface that has the address, whatever the routes.
  socket.bind(0, address, () => {
    const ssrc = address.split(".").reduce((all, octet) => all * 256 + Number(octet), 0)
    let sent = 0
    setInterval(() => {
      const datagram = buildRtp({ ssrc, sequence: sent & 0xffff, timestamp: sent * EVERY_MS * 90 }, numberedTs(7, sent * 7))
      sent += 1
      socket.send(datagram, Number(port), group, () => {})
    }, EVERY_MS)
  })
}
