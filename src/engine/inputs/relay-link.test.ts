/** Two engines that relay their legs to each other, as the owner of a channel and its partner do. */
import { createSocket } from "node:dgram"
import { afterEach, beforeEach, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { EngineBench } from "../../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../../test/e2e/ports.ts"
import { eventually } from "../../../test/e2e/product.ts"
import { UdpReceiver } from "../../../test/e2e/receivers.ts"
import { sendTs } from "../../../test/e2e/send-ts.ts"
import { policyOf } from "../../effects/config/input-policy.ts"
import type { LegName, RelaySpec } from "../protocol/messages.ts"

interface Node {
  readonly bench: EngineBench
  readonly ip: string
  readonly primary: number
  readonly backup: number
}
const ADDRESSES = ["127.0.0.2", "127.0.0.3"] as const
const FIRST = 30
const THEN = 100
const STRANGE = 20

let nodes: ReadonlyArray<Node>
let port: number

const startNode = async (ip: string): Promise<Node> => ({
  bench: await EngineBench.start(),
  ip,
  primary: await freeUdpPort(),
  backup: await freeUdpPort(),
})
const put = ({ backup, bench, primary }: Node, relay: RelaySpec | undefined) =>
  bench.ask({
    cmd: "put_channel",
    channel: {
      id: "c1",
      label: "c1",
      legs: [
        { name: "primary", ip: "127.0.0.1", port: primary },
        { name: "backup", ip: "127.0.0.1", port: backup },
      ],
      // The other node's address is not among them.
      policy: policyOf({ allowed_senders: ["127.0.0.1"], mode: "failover" }),
      ...(relay === undefined ? {} : { relay }),
    },
  })
const nodeAt = (index: 0 | 1): Node => {
  const found = nodes[index]
  if (found === undefined) throw new Error("there is no such node")
  return found
}
const relayOf = (index: 0 | 1): RelaySpec => ({ local: ADDRESSES[index], peer: ADDRESSES[1 - index] ?? "", port })
const datagrams = (node: Node, leg: LegName) => node.bench.counters(leg)["datagrams"] ?? 0
const relaying = async () => {
  for (const index of [0, 1] as const) expect(put(nodeAt(index), relayOf(index)).ok).toBe(true)
  for (const { bench } of nodes) await bench.legSaid("open", 2)
}
/** Sends until the other node has some of it: the first datagrams make their sender known, and it alone is relayed. */
const known = async (target: number, seen: () => boolean, ssrc: number, rtp = true) => {
  let sequence = 1
  await eventually("what is sent is relayed", async () => {
    sequence += await sendTs(numberedTs(7 * FIRST, 7 * sequence), { port: target, sequence, ssrc, rtp, bitrate: 40e6 })
    return seen() ? true : null
  })
  return sequence
}

const counted = () => nodes.map((node) => [datagrams(node, "primary"), datagrams(node, "backup")])
/** What is on its way has arrived when nothing has come for a while. */
const settled = async () => {
  let before = ""
  await eventually("nothing is on its way", async () => {
    await new Promise((resolve) => setTimeout(resolve, 150))
    const now = JSON.stringify(counted())
    const isSame = now === before
    before = now
    return isSame ? true : null
  })
  return counted()
}

/** Sends datagrams of TS from an address. */
const sendFrom = async (address: string, target: number, host: string) => {
  const socket = createSocket("udp4")
  // Where nobody listens for this address, that is told.
  socket.on("error", () => undefined)
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  for (let n = 0; n < STRANGE; n++)
    await new Promise((resolve) => socket.send(numberedTs(7, 7 * n), target, host, resolve))
  socket.close()
}

beforeEach(async () => {
  nodes = await Promise.all(ADDRESSES.map(startNode))
  port = await freeUdpPort()
})
afterEach(() => {
  for (const { bench } of nodes) bench.close()
})

it("either node has both legs, each datagram once: nothing goes round", async () => {
  await relaying()
  const [a, b] = [nodeAt(0), nodeAt(1)]
  // One pipeline to each.
  const primary = await known(a.primary, () => datagrams(b, "primary") > 0, 1)
  const backup = await known(b.backup, () => datagrams(a, "backup") > 0, 2)
  const before = await settled()
  const numbered = numberedTs(7 * THEN, 1_000_000)
  const receiver = await UdpReceiver.open()
  await b.bench.connect(`udp://127.0.0.1:${receiver.port}`)
  await sendTs(numbered, { port: a.primary, sequence: primary, ssrc: 1, bitrate: 20e6 })
  await sendTs(numberedTs(7 * THEN, 1_000_000), { port: b.backup, sequence: backup, ssrc: 2, bitrate: 20e6 })
  const after = before.map((legs) => legs.map((count) => count + THEN))
  await eventually("both have all", () =>
    counted().every((legs, n) => legs.every((count, leg) => count >= (after[n]?.[leg] ?? 0))) ? true : null,
  )
  // What goes out of the node to which the primary was never sent is the primary, byte by byte.
  await receiver.atLeast(THEN)
  expect(receiver.bytes().equals(numbered)).toBe(true)
  expect(b.bench.leg("primary").source).toBe(`${ADDRESSES[0]}:${port}`)
  expect(a.bench.leg("backup").source).toBe(`${ADDRESSES[1]}:${port + 1}`)
  expect(b.bench.leg("primary").counters).toMatchObject({ not_allowed: 0, foreign: 0, rtp_lost: 0 })
  expect(await settled()).toEqual(after)
  receiver.close()
})

it("relays raw UDP, and nothing of senders that a leg does not listen to or that may not send", async () => {
  await relaying()
  const [a, b] = [nodeAt(0), nodeAt(1)]
  await known(a.primary, () => datagrams(b, "primary") > 0, 0, false)
  const [[sent = 0] = [], [relayed = 0] = []] = await settled()
  // Not among the allowed senders of the leg; and not the other node, at the relay's own port.
  await sendFrom("127.0.0.9", a.primary, "127.0.0.1")
  await sendFrom("127.0.0.9", port, ADDRESSES[1])
  await eventually("the node that they were sent to has counted them", () =>
    datagrams(a, "primary") === sent + STRANGE ? true : null,
  )
  expect(a.bench.counters()).toMatchObject({ not_allowed: STRANGE })
  await settled()
  expect(datagrams(b, "primary")).toBe(relayed)
})

it("follows the channel's other node without closing a leg, and says what keeps it from relaying", async () => {
  const [a, b] = [nodeAt(0), nodeAt(1)]
  put(a, { ...relayOf(0), peer: "127.0.0.77" })
  put(b, undefined)
  for (const { bench } of nodes) await bench.legSaid("open", 2)
  await sendTs(numberedTs(7 * FIRST), { port: a.primary, sequence: 1, bitrate: 40e6 })
  let sequence = 1 + FIRST
  await eventually("the other node is not there", async () => {
    sequence += await sendTs(numberedTs(7 * FIRST), { port: a.primary, sequence, bitrate: 40e6 })
    return a.bench.leg().warnings.some((text) => text.includes(`relayed to 127.0.0.77:${port}/udp`)) ? true : null
  })
  for (const index of [0, 1] as const) put(nodeAt(index), relayOf(index))
  await known(a.primary, () => datagrams(b, "primary") > 0, 0x1234abcd)
  expect(a.bench.legMessages("open")).toHaveLength(2)

  put(a, { ...relayOf(0), local: "192.0.2.1" })
  await eventually("it says why", () =>
    a.bench.leg().warnings.some((text) => /nothing is relayed between the nodes: .*192\.0\.2\.1/.test(text))
      ? true
      : null,
  )
  put(a, undefined)
  await eventually("nothing is left of it", () =>
    a.bench.leg().warnings.every((text) => !text.includes("relayed")) ? true : null,
  )
})
