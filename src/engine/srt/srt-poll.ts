/** The SRT connections that are received from, by libsrt's epoll: which of them have something to read. */
import { type LibSrt, SRT_EPOLL_IN } from "../ffi/libsrt.ts"

const ENABLE_EMPTY = 1
/** SRT_EPOLL_EVENT: socket and events, an int each. */
const EVENT_INTS = 2

export class SrtPoll {
  readonly #srt: LibSrt
  readonly #id: number
  readonly #events: Int32Array
  readonly #tags = new Map<number, number>()

  /** `most` sockets: libsrt 1.5.1 miscounts when more are ready than it is given room for. */
  constructor(srt: LibSrt, most: number) {
    this.#srt = srt
    this.#events = new Int32Array(most * EVENT_INTS)
    this.#id = srt.epollCreate()
    srt.epollSet(this.#id, ENABLE_EMPTY)
  }

  /** Sockets that are watched. */
  get size(): number {
    return this.#tags.size
  }

  add(socket: number, tag: number): void {
    this.#tags.set(socket, tag)
    this.#srt.epollAddUsock(this.#id, socket, Int32Array.of(SRT_EPOLL_IN))
  }

  /** Nothing for a socket that libsrt has put away itself. */
  remove(socket: number): void {
    if (this.#tags.delete(socket)) this.#srt.epollRemoveUsock(this.#id, socket)
  }

  /** How many sockets are ready now; their tags by `tag`. */
  ready(): number {
    if (this.#tags.size === 0) return 0
    return Math.max(0, this.#srt.epollUwait(this.#id, this.#events, this.#events.length / EVENT_INTS, 0))
  }

  /** Tag of a socket that is ready; -1 for one that is watched no more. */
  tag(index: number): number {
    return this.#tags.get(this.#events[index * EVENT_INTS] ?? -1) ?? -1
  }

  close(): void {
    this.#srt.epollRelease(this.#id)
  }
}
