/**
 * Which legs have something to read, and how far they have been read. Legs are in sets, each drained at a time of its
 * own: their sockets in one of the kernel's epoll sets, their SRT connections in one of libsrt's, which has no descriptor.
 */
import { LEG_READ_US, MAX_LEGS, UNREAD_BEHIND_LAST } from "../core/assembly/memory/layout.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { LibSrt } from "./ffi/libsrt.ts"
import type { Leg } from "./inputs/leg.ts"
import { SrtPoll } from "./srt/srt-poll.ts"
import { Epoll } from "./system/epoll.ts"

/** Legs that are drained together. */
export class LegSet {
  readonly epoll = new Epoll()
  readonly srt: SrtPoll | null
  /** When it was last drained: CLOCK_MONOTONIC in microseconds before its legs were read; 0 before the first time. */
  drainedUs = 0

  constructor(srt: LibSrt | null) {
    this.srt = srt === null ? null : new SrtPoll(srt, MAX_LEGS)
  }

  put(fd: number, srtSocket: number, tag: number): void {
    if (fd >= 0) this.epoll.add(fd, tag)
    if (srtSocket >= 0) this.srt?.add(srtSocket, tag)
  }

  remove(fd: number, srtSocket: number): void {
    if (fd >= 0) this.epoll.remove(fd)
    if (srtSocket >= 0) this.srt?.remove(srtSocket)
  }
}

interface Watched {
  readonly set: LegSet
  readonly fd: number
  readonly relayFd: number
  readonly srtSocket: number
}

export class LegWatch {
  readonly fast: LegSet
  readonly #core: PacketCore
  readonly #srt: LibSrt | null
  /** One for each phase, made when it is needed. */
  readonly #slow: LegSet[] = []
  readonly #watched = new Map<Leg, Watched>()
  readonly #byTag: Array<Leg | undefined> = []
  /** By index of the leg: the drain that left something of it unread, in microseconds. */
  readonly #leftAtUs = new Float64Array(MAX_LEGS)

  constructor(core: PacketCore, srt: LibSrt | null) {
    this.#core = core
    this.#srt = srt
    this.fast = new LegSet(srt)
  }

  slow(phase: number): LegSet {
    this.#slow[phase] ??= new LegSet(this.#srt)
    return this.#slow[phase]
  }

  /** Puts a leg into a set, with the sockets that it has now. */
  put(leg: Leg, set: LegSet): void {
    const { fd, relayFd, srtSocket } = leg
    const watched = this.#watched.get(leg)
    const isSame = watched?.fd === fd && watched.relayFd === relayFd && watched.srtSocket === srtSocket
    if (isSame && watched.set === set) return
    this.forget(leg)
    if (fd < 0 && relayFd < 0 && srtSocket < 0) return
    set.put(fd, srtSocket, leg.index)
    set.put(relayFd, -1, leg.index)
    this.#watched.set(leg, { set, fd, relayFd, srtSocket })
    this.#byTag[leg.index] = leg
  }

  /** Stops watching a leg that is about to close. */
  forget(leg: Leg): void {
    const watched = this.#watched.get(leg)
    if (watched === undefined) return
    watched.set.remove(watched.fd, watched.srtSocket)
    watched.set.remove(watched.relayFd, -1)
    this.#watched.delete(leg)
    this.#byTag[leg.index] = undefined
    this.#core.setLegField(leg.index, LEG_READ_US, 0)
  }

  /** Calls `take` with each leg of a set that has something to read; `nowUs` is CLOCK_MONOTONIC before it. */
  drain(set: LegSet, nowUs: number, take: (leg: Leg) => void): void {
    set.drainedUs = nowUs
    for (let i = 0, ready = set.epoll.wait(0); i < ready; i++) this.#take(set, set.epoll.tag(i), take)
    if (set.srt === null) return
    for (let i = 0, ready = set.srt.ready(); i < ready; i++) this.#take(set, set.srt.tag(i), take)
  }

  #take(set: LegSet, tag: number, take: (leg: Leg) => void): void {
    const leg = this.#byTag[tag]
    if (leg === undefined) return
    take(leg)
    // It may have failed, and be gone.
    if (leg.hasMore && this.#byTag[tag] === leg) this.#leftAtUs[tag] = set.drainedUs
  }

  /** Tells the packet core how far each leg has been read, in a tick that began at `nowUs`. */
  tellRead(nowUs: number): void {
    for (const [leg, { set }] of this.#watched) {
      const { drainedUs } = set
      const hasMore = drainedUs > 0 && this.#leftAtUs[leg.index] === drainedUs
      const readUs = hasMore ? UNREAD_BEHIND_LAST : drainedUs === nowUs ? 0 : drainedUs
      this.#core.setLegField(leg.index, LEG_READ_US, readUs)
    }
  }

  /** True when waiting in the kernel would not notice everything: SRT legs are among those drained often. */
  get mustLook(): boolean {
    return (this.fast.srt?.size ?? 0) > 0
  }

  /** Waits in the kernel until a leg of the fast set has something to read, `timeoutMs` at most. */
  waitForFast(timeoutMs: number): void {
    this.fast.epoll.wait(timeoutMs)
  }
}
