/**
 * Whether one SRT socket has something to take, by libsrt's epoll. One socket a set: with more ready than room, 1.5.1
 * miscounts.
 */
import { type LibSrt, SRT_EPOLL_IN } from "../ffi/libsrt.ts"

const ENABLE_EMPTY = 1

export class SrtReadiness {
  readonly #srt: LibSrt
  readonly #id: number
  readonly #event = new Int32Array(2)
  #open = true

  constructor(srt: LibSrt) {
    this.#srt = srt
    this.#id = srt.epollCreate()
    srt.epollSet(this.#id, ENABLE_EMPTY)
  }

  watch(socket: number): void {
    this.#srt.epollAddUsock(this.#id, socket, Int32Array.of(SRT_EPOLL_IN))
  }

  any(): boolean {
    return this.#open && this.#srt.epollUwait(this.#id, this.#event, 1, 0) > 0
  }

  close(): void {
    if (this.#open) this.#srt.epollRelease(this.#id)
    this.#open = false
  }
}
