/**
 * Which legs have something to read. Legs are in sets, each drained at a time of its own: their sockets in one of the
 * kernel's epoll sets, their SRT connections in one of libsrt's, which has no descriptor.
 */
import { MAX_LEGS } from "../core/assembly/memory/layout.ts"
import type { LibSrt } from "./ffi/libsrt.ts"
import type { Leg } from "./inputs/leg.ts"
import { SrtPoll } from "./srt/srt-poll.ts"
import { Epoll } from "./system/epoll.ts"

/** Legs that are drained together. */
export class LegSet {
  readonly epoll = new Epoll()
  readonly srt: SrtPoll | null

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
  readonly #srt: LibSrt | null
  /** One for each phase, made when it is needed. */
  readonly #slow: LegSet[] = []
  readonly #watched = new Map<Leg, Watched>()
  readonly #byTag: Array<Leg | undefined> = []

  constructor(srt: LibSrt | null) {
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
  }

  /** Calls `take` with each leg of a set that has something to read. */
  drain(set: LegSet, take: (leg: Leg) => void): void {
    for (let i = 0, ready = set.epoll.wait(0); i < ready; i++) this.#take(set.epoll.tag(i), take)
    if (set.srt === null) return
    for (let i = 0, ready = set.srt.ready(); i < ready; i++) this.#take(set.srt.tag(i), take)
  }

  #take(tag: number, take: (leg: Leg) => void): void {
    const leg = this.#byTag[tag]
    if (leg !== undefined) take(leg)
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
