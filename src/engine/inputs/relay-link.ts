/**
 * Exchanges the datagrams of a leg with another node: what comes here directly is sent on as it came, and what the other
 * node sends on is received as if it had come here.
 *
 * One connected UDP socket does both, so the kernel hands out what comes from the other node's address and port alone.
 * Only what came directly is sent on: nothing goes round.
 */
import { MMSGHDR_SIZE, TX_MMSG } from "../../core/assembly/memory/layout.ts"
import { formatEndpoint } from "../../core/net/address.ts"
import { legNumber } from "../../core/packet-core/leg-index.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr } from "../ffi/sockaddr.ts"
import type { RelaySpec } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import { describeErrno } from "../system/describe-errno.ts"
import { resolve } from "../system/resolve.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { DEFAULT_RECEIVE_BUFFER } from "./input-socket.ts"
import type { ReceiverHost } from "./leg-receiver.ts"

/** Where the nodes are is looked up again so often: at once while there is no socket, and in case a name has moved. */
const RETRY_US = 1e6
const LOOK_AGAIN_US = 10e6
/** For so long after a refusal the other node counts as not listening. */
const REFUSED_US = 5e6

const fail = (doing: string): never => {
  const code = c.errno()
  throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, doing), transient: true })
}

const setInt = (fd: number, option: number, value: number): boolean =>
  c.libc.setsockopt(fd, c.SOL_SOCKET, option, new Uint8Array(Int32Array.of(value).buffer), 4) === 0

/** Throws SetupFailure when `local` is no address of this machine, or the port is taken. */
const openSocket = (local: string, peer: string, port: number): number => {
  const [from, to] = [encodeSockaddr(local, port), encodeSockaddr(peer, port)]
  const fd = c.libc.socket(from.length === 28 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) fail("opening a socket for the relay")
  try {
    if (!setInt(fd, c.SO_RCVBUFFORCE, DEFAULT_RECEIVE_BUFFER)) setInt(fd, c.SO_RCVBUF, DEFAULT_RECEIVE_BUFFER)
    setInt(fd, c.SO_TIMESTAMPNS, 1)
    if (c.libc.bind(fd, from, from.length) !== 0)
      fail(`using ${formatEndpoint(local, port)}/udp, the address of this node`)
    if (c.libc.connect(fd, to, to.length) !== 0) fail(`reaching ${formatEndpoint(peer, port)}/udp`)
    return fd
  } catch (cause) {
    c.libc.close(fd)
    throw cause
  }
}

export class RelayLink {
  /** -1 while it is closed. */
  fd = -1
  readonly #host: ReceiverHost
  readonly #relay: RelaySpec
  readonly #port: number
  readonly #releasePort: () => void
  #addresses = ""
  #problem: string | null = null
  #nextLookUs = 0
  #nowUs = 0
  #refusedUs = Number.NEGATIVE_INFINITY
  #isLooking = false
  #isClosed = false

  constructor(host: ReceiverHost, relay: RelaySpec, ports: UdpPortRegistry) {
    this.#host = host
    this.#relay = relay
    this.#port = relay.port + legNumber(host.spec.name) - 1
    this.#releasePort = ports.hold("", this.#port, "the relay of another input")
  }

  /** True when it is what is asked for. */
  isFor(relay: RelaySpec | null): boolean {
    const { local, peer, port } = this.#relay
    return relay?.local === local && relay.peer === peer && relay.port === port
  }

  /** Opens what is closed, and follows names that have moved. */
  poll(nowUs: number): void {
    this.#nowUs = nowUs
    if (nowUs < this.#nextLookUs || this.#isLooking) return
    this.#nextLookUs = nowUs + (this.fd < 0 ? RETRY_US : LOOK_AGAIN_US)
    void this.#look()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      const { local, peer } = this.#relay
      const [here, there] = [(await resolve(local, false)).address, (await resolve(peer, false)).address]
      if (this.#isClosed || (this.fd >= 0 && this.#addresses === `${here} ${there}`)) return
      if (this.fd >= 0) {
        // Opened by the next look: whoever watches the descriptor has to notice that it is another one.
        this.#closeSocket()
        this.#nextLookUs = this.#nowUs
        return
      }
      this.fd = openSocket(here, there, this.#port)
      this.#addresses = `${here} ${there}`
      this.#problem = null
      this.#nextLookUs = this.#nowUs + LOOK_AGAIN_US
    } catch (cause) {
      // A name that cannot be looked up now means what it meant.
      if (this.fd < 0) this.#problem = reasonOf(cause).message
    } finally {
      this.#isLooking = false
    }
  }

  /** Sends on what of the first `count` datagrams of the receive batch the leg's sender has sent. */
  send(count: number): void {
    if (this.fd < 0) return
    const { base, core, index } = this.#host
    const messages = core.relay(index, count)
    for (let done = 0, refused = 0; done < messages; ) {
      const sent = c.libc.sendmmsg(this.fd, base + TX_MMSG + done * MMSGHDR_SIZE, messages - done, c.MSG_DONTWAIT)
      if (sent > 0) {
        done += sent
        continue
      }
      // A refusal reports an earlier datagram; behind anything else the rest of the batch is given up.
      if (!this.noteRefusal() || ++refused > 1) return
    }
  }

  /** Notes when the call that has just failed on the socket did so since the other node does not listen. */
  noteRefusal(): boolean {
    const isRefused = c.errno() === c.ECONNREFUSED
    if (isRefused) this.#refusedUs = this.#nowUs
    return isRefused
  }

  /** Sentences for the operator. */
  get warnings(): ReadonlyArray<string> {
    const there = formatEndpoint(this.#relay.peer, this.#port)
    if (this.#problem !== null)
      return [
        `nothing is relayed between the nodes: ${this.#problem}; NODE_ADDRESS has to name an address of the machine`,
      ]
    return this.#nowUs - this.#refusedUs < REFUSED_US
      ? [`the other node does not take what is relayed to ${there}/udp: it does not receive the channel now`]
      : []
  }

  #closeSocket(): void {
    if (this.fd >= 0) c.libc.close(this.fd)
    this.fd = -1
  }

  close(): void {
    this.#isClosed = true
    this.#closeSocket()
    this.#releasePort()
  }
}
