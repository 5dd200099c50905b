/**
 * Keeps a leg in its multicast group while interfaces come and go.
 *
 * The kernel tells nobody when a membership dies with its interface, and it does not report a membership again when a
 * cable is plugged in elsewhere or a snooping switch has forgotten the port. So the interface is looked at about once a
 * second, which costs three system calls, and a leg that hears nothing joins again now and then.
 */
import { readFileSync } from "node:fs"
import { isIPv4 } from "../../core/net/address.ts"
import type { LegSpec } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import { ipv4Number, type LinkState, linkState, NO_LINK } from "../system/network-interface.ts"
import { type InputSocket, rejoin } from "./input-socket.ts"
import { chosenIndex, chosenInterface, describeGroup } from "./multicast-membership.ts"

const SILENT_US = 2e6
const AGAIN_US = 5e6
/** A source that is switched off for the night need not be asked for every few seconds. */
const PATIENT_AFTER_US = 60e6
const AGAIN_PATIENT_US = 30e6
/** A group of which something came this recently is still being received; no programme pauses for so long. */
const FLOWING_US = 200e3

/** Where the kernel's route will lead when the interface it led to is gone: not the index of any interface. */
const ROUTED: LinkState = { ...NO_LINK, index: Number.POSITIVE_INFINITY }

/** Why a group has to be joined again. */
export type RejoinCause = "replaced" | "link_up" | "address" | "silent"

export interface WatchFacts {
  /** Interface of the membership; 0 when unknown, -1 when the last join failed. */
  readonly joinedOn: number
  /** The interface at the last look, and now. */
  readonly before: LinkState
  readonly now: LinkState
  /** How long nothing has been received, and how long ago the group was joined; microseconds. */
  readonly silentUs: number
  readonly sinceJoinUs: number
  /** Why the group was to be joined again at the last look, which waited; null when something has come since. */
  readonly waiting?: RejoinCause | null
}

/** Decides whether the group is joined again now. */
export const rejoinCause = ({
  before,
  joinedOn,
  now,
  silentUs,
  sinceJoinUs,
  waiting = null,
}: WatchFacts): RejoinCause | null => {
  if (joinedOn !== 0) {
    if (now.index === 0) return null
    if (now.index !== joinedOn) return "replaced"
    if (!now.running) return null
    if (!before.running) return "link_up"
    if (now.address !== before.address && now.address !== 0) return "address"
    if (waiting !== null) return waiting
  }
  const pause = silentUs > PATIENT_AFTER_US ? AGAIN_PATIENT_US : AGAIN_US
  return silentUs >= SILENT_US && sinceJoinUs >= pause ? "silent" : null
}

/**
 * Whether joining again waits for the next look, when nothing may have to be done. To join again is to leave first, and
 * what the network delivers in between is lost; so a group that is being received is not left because its link was up
 * late or has an address now.
 */
export const canWait = (cause: RejoinCause, silentUs: number): boolean =>
  (cause === "link_up" || cause === "address") && silentUs < FLOWING_US

const CAUSES: Readonly<Record<RejoinCause, (name: string) => string>> = {
  replaced: (name) => `the group is to be received on another interface now${name === "" ? "" : `, ${name}`}`,
  link_up: (name) => `the link of ${name} is back`,
  address: (name) => `the address of ${name} has changed`,
  silent: () => "nothing has been received for a while",
}

const readNumber = (path: string): number => {
  try {
    return Number(readFileSync(path, "latin1"))
  } catch {
    return 0
  }
}

/**
 * Strict reverse-path filtering (RFC 3704 2.2), which Linux has for IPv4 alone, drops multicast from senders that are
 * not routed over the interface; the higher value counts.
 */
const filterHint = (group: string, name: string): string => {
  const setting = (scope: string) => readNumber(`/proc/sys/net/ipv4/conf/${scope}/rp_filter`)
  return name !== "" && isIPv4(group) && Math.max(setting("all"), setting(name)) === 1
    ? `; the kernel drops packets of senders that are not routed over ${name}: if that is so, sysctl -w net/ipv4/conf/${name}/rp_filter=2`
    : ""
}

/**
 * `joined`: the group was joined again, or is received again without that. `down`: it cannot be received until its
 * interface comes back.
 */
export interface WatchReport {
  readonly kind: "joined" | "down"
  /** A sentence for a person. */
  readonly message: string
}

export class MulticastWatch {
  readonly #fd: number
  readonly #spec: LegSpec
  readonly #group: string
  #joinedOn: number
  #joinedAtUs: number
  #link: LinkState
  #heardUs: number
  #toldSilence = false
  #waiting: RejoinCause | null = null
  /** Why nothing can or does arrive, for the leg's warnings; null while all is well. */
  warning: string | null = null

  private constructor(fd: number, spec: LegSpec, joinedOn: number, nowUs: number) {
    this.#fd = fd
    this.#spec = spec
    this.#group = describeGroup(spec)
    this.#joinedOn = joinedOn
    this.#joinedAtUs = nowUs
    this.#heardUs = nowUs
    this.#link = linkState(fd, joinedOn)
  }

  /** For a socket that was just opened; null when its address is no multicast group. */
  static of(socket: InputSocket, spec: LegSpec, nowUs: number): MulticastWatch | null {
    return socket.joinedOn === null ? null : new MulticastWatch(socket.fd, spec, socket.joinedOn, nowUs)
  }

  /**
   * To be called about once a second. `lastRxUs` is when a datagram last came, 0 for never. `beforeRejoin` must close
   * other sockets of this leg in the same group (FEC): while one of them stays, the kernel reports neither the leaving
   * nor the joining. Returns what the operator should hear, or null.
   */
  check(nowUs: number, lastRxUs: number, beforeRejoin: () => void = () => {}): WatchReport | null {
    if (lastRxUs > this.#heardUs) {
      this.#heardUs = lastRxUs
      this.#toldSilence = false
      this.#waiting = null
    }
    const before = this.#link
    const now = this.#look()
    this.#link = now
    const silentUs = nowUs - this.#heardUs
    const cause = rejoinCause({
      joinedOn: this.#joinedOn,
      before,
      now,
      silentUs,
      sinceJoinUs: nowUs - this.#joinedAtUs,
      waiting: this.#waiting,
    })
    this.#waiting = cause !== null && canWait(cause, silentUs) ? cause : null
    if (this.#waiting !== null) return this.#isBack(this.#waiting, now)
    if (cause !== null) return this.#rejoin(cause, now, nowUs, beforeRejoin)
    if (this.#joinedOn !== 0 && !now.running) return this.#down(this.#whyDown(now))
    if (silentUs < SILENT_US) this.warning = null
    return null
  }

  #whyDown(now: LinkState): string {
    const what =
      now.index === 0
        ? `there is no network interface ${chosenInterface(this.#spec)} now`
        : `the network interface ${now.name} is down or has no link`
    return `${this.#spec.ip} cannot be received: ${what}; it is joined again when that changes`
  }

  /** The interface the group should be received on, as it is now. */
  #look(): LinkState {
    const wanted = chosenInterface(this.#spec)
    const joined = this.#joinedOn > 0 ? linkState(this.#fd, this.#joinedOn) : NO_LINK
    if (wanted === null) return joined.index > 0 || this.#joinedOn === 0 ? joined : ROUTED
    if (joined.index > 0 && (joined.name === wanted || joined.address === ipv4Number(wanted))) return joined
    const index = chosenIndex(this.#fd, this.#spec)
    return index === joined.index ? joined : linkState(this.#fd, index)
  }

  #rejoin(cause: RejoinCause, now: LinkState, nowUs: number, beforeRejoin: () => void): WatchReport | null {
    beforeRejoin()
    this.#joinedAtUs = nowUs
    try {
      this.#joinedOn = rejoin(this.#fd, this.#spec, Math.max(0, this.#joinedOn))
    } catch (failure) {
      this.#joinedOn = -1
      return this.#down(reasonOf(failure).message)
    }
    this.#link = linkState(this.#fd, this.#joinedOn)
    const { name } = this.#link.index > 0 ? this.#link : now
    if (cause === "silent") {
      this.warning = `nothing arrives from ${this.#group}: check that the sender runs and that the network carries the group to this machine${filterHint(this.#spec.ip, name)}`
      if (this.#toldSilence) return null
      this.#toldSilence = true
    } else this.warning = null
    return { kind: "joined", message: `joined ${this.#group} again: ${CAUSES[cause](name)}` }
  }

  /** What to say when the group arrives without having been joined again; null when it never was away. */
  #isBack(cause: RejoinCause, { name }: LinkState): WatchReport | null {
    if (this.warning === null) return null
    this.warning = null
    return { kind: "joined", message: `${this.#group} is being received again: ${CAUSES[cause](name)}` }
  }

  #down(message: string): WatchReport | null {
    if (this.warning === message) return null
    this.warning = message
    return { kind: "down", message }
  }
}
