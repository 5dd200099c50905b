/**
 * How many connections libsrt sets up at a time for callers of a listener: the defence against floods of handshakes.
 *
 * libsrt sets a connection up, with all its buffers, on the word of a handshake, and keeps what comes to nothing for
 * one to two seconds: 2500 malformed handshakes a second were 400 MB. It asks a hook before it does so. The hook here
 * is `sem_trywait` of libc, which no thread of ours needs to serve: each connection takes a token from a semaphore, or
 * is refused before anything is allocated. Tokens come back when a receiver has shown that it is there or is gone, and
 * slowly for those that came to nothing.
 *
 * While there are no tokens left, the port's packet filter lets no new handshakes through, and then, a quarter of a
 * second each, those of a quarter of all sources: a flood from one of them leaves the others their turns.
 */
import * as c from "../ffi/libc.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { type Admission, attachFilter, packetFilter, stillOn, udpSocketsOn } from "./packet-filter.ts"

/** Connections being set up in all, and at one listener: fewer where many listeners share them. */
export const SET_UPS_IN_ALL = 512
export const SET_UPS_MAX = 64
const SET_UPS_MIN = 8
/** Tokens that come back a second without a receiver to show for, at one listener and in all. */
export const FAILURES_PER_SECOND = 50
export const FAILURES_IN_ALL_PER_SECOND = 200
const TURN_US = 250_000
const FLOODED =
  "more callers try to connect than can be served: new receivers are let in by turns and may have to try again; those connected notice nothing"
/** A flood is over when tokens were left for so long. */
const CALM_US = 5e6

const SEM_SIZE = 32
const value = new Int32Array(1)

/** Tokens that come with time; those that nobody takes are kept for a second. */
class Trickle {
  readonly #perSecond: number
  #tokens = 0
  #lastUs = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whole tokens there are at this time, up to `wanted`. */
  available(nowUs: number, wanted: number): number {
    const elapsedUs = this.#lastUs === 0 ? 0 : Math.max(0, nowUs - this.#lastUs)
    this.#lastUs = nowUs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsedUs * this.#perSecond) / 1e6)
    return Math.min(wanted, Math.floor(this.#tokens))
  }

  take(count: number): void {
    this.#tokens -= count
  }
}

/** What the gates of all listeners share. */
export class HandshakeGates {
  /** `sem_trywait` of libc; 0 where it cannot be found. */
  readonly hook: number = Number(c.libc.dlsym(0, "sem_trywait"))
  readonly trickle = new Trickle(FAILURES_IN_ALL_PER_SECOND)
  /** Semaphores that nobody uses: never freed, as a thread of libsrt may still be about to take from one. */
  readonly #spare: number[] = []
  #open = 0

  /** Connections that one listener may set up at a time. */
  get capacity(): number {
    return Math.max(SET_UPS_MIN, Math.min(SET_UPS_MAX, Math.floor(SET_UPS_IN_ALL / Math.max(1, this.#open))))
  }

  /** A semaphore of `capacity` tokens. */
  take(): number {
    this.#open += 1
    const semaphore = this.#spare.pop() ?? Number(c.libc.calloc(1, SEM_SIZE))
    c.libc.semInit(semaphore, 0, this.capacity)
    return semaphore
  }

  giveBack(semaphore: number): void {
    this.#open -= 1
    this.#spare.push(semaphore)
  }
}

export class HandshakeGate {
  readonly #gates: HandshakeGates
  readonly #address: Uint8Array
  readonly #semaphore: number
  readonly #trickle = new Trickle(FAILURES_PER_SECOND)
  #sockets: ReadonlyArray<number>
  #floodUntilUs = 0
  #turnEndsUs = 0
  #admission: Admission = "all"
  #open = true

  /** For a port that is bound to `address`. */
  constructor(address: Uint8Array, gates: HandshakeGates) {
    this.#gates = gates
    this.#address = address
    this.#sockets = udpSocketsOn(address)
    this.#semaphore = gates.take()
    attachFilter(this.#sockets, packetFilter("listener"))
  }

  /** Has libsrt ask before it sets a connection up; `listener` is bound and does not listen yet. */
  guard(srt: LibSrt, listener: number): void {
    if (this.#gates.hook !== 0) srt.listenCallback(listener, this.#gates.hook, this.#semaphore)
  }

  /** Takes a token for a connection that our own stack sets up; false when there is none. */
  takeToken(): boolean {
    return this.#open && c.libc.semTrywait(this.#semaphore) === 0
  }

  /** What the output's operator is to know; empty when nothing is unusual. */
  get warnings(): ReadonlyArray<string> {
    return this.flooded ? [FLOODED] : []
  }

  /** More handshakes come than connections may be set up. */
  get flooded(): boolean {
    return this.#floodUntilUs > 0
  }

  /** Tokens that are left. */
  get left(): number {
    c.libc.semGetvalue(this.#semaphore, value)
    return value[0] ?? 0
  }

  /** A receiver has shown that it is there: its connection is set up. */
  proven(): void {
    if (this.#open && this.left < this.#gates.capacity) c.libc.semPost(this.#semaphore)
  }

  /**
   * Every few milliseconds. `unproven` connected receivers have not shown that they are there: their tokens do not come
   * back before they have, or are gone.
   */
  poll(nowUs: number, unproven = 0): void {
    if (!this.#open) return
    const left = this.left
    this.#refill(nowUs, left, unproven)
    if (left === 0) {
      this.#floodUntilUs = nowUs + CALM_US
      if (this.#turnEndsUs === 0) this.#turnEndsUs = nowUs + TURN_US
      if (this.#admission !== "none") this.#admit("none")
    }
    if (this.#floodUntilUs === 0) return
    if (nowUs >= this.#floodUntilUs) {
      this.#floodUntilUs = 0
      this.#turnEndsUs = 0
      this.#admit("all")
    } else if (nowUs >= this.#turnEndsUs) {
      this.#turnEndsUs = nowUs + TURN_US
      this.#admit({ salt: (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) | 1 })
    }
  }

  #refill(nowUs: number, left: number, unproven: number): void {
    const { capacity, trickle } = this.#gates
    // Others have come to share.
    for (let over = left - capacity; over > 0; over--) c.libc.semTrywait(this.#semaphore)
    const wanted = Math.max(0, capacity - unproven - left)
    const count = trickle.available(nowUs, this.#trickle.available(nowUs, wanted))
    this.#trickle.take(count)
    trickle.take(count)
    for (let i = 0; i < count; i++) c.libc.semPost(this.#semaphore)
  }

  #admit(admission: Admission): void {
    this.#admission = admission
    // libsrt may have closed one, and its number may be another connection's by now.
    this.#sockets = stillOn(this.#sockets, this.#address)
    attachFilter(this.#sockets, packetFilter("listener", admission))
  }

  /** Call it before libsrt's socket is closed. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    if (this.#admission !== "all") this.#admit("all")
    this.#gates.giveBack(this.#semaphore)
  }
}
