/** A kernel epoll set; `tag` travels in epoll_data and comes back for the descriptors that are ready. */
import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLLIN, libc } from "../ffi/libc.ts"

const MAX_READY = 256
/** struct epoll_event is packed to 12 bytes on x86_64 only: events u32@0, data u64 right behind. */
const PACKED = process.arch === "x64"
const EVENT_SIZE = PACKED ? 12 : 16
const DATA_AT = PACKED ? 4 : 8
const EPOLL_CLOEXEC = 0x80000

export class Epoll {
  readonly fd = libc.epollCreate1(EPOLL_CLOEXEC)
  readonly #events = new Uint8Array(EVENT_SIZE * MAX_READY)
  readonly #view = new DataView(this.#events.buffer)
  readonly #change = new Uint8Array(EVENT_SIZE)
  readonly #changeView = new DataView(this.#change.buffer)

  add(fd: number, tag: number): void {
    this.#changeView.setUint32(0, EPOLLIN, true)
    this.#changeView.setUint32(DATA_AT, tag, true)
    libc.epollCtl(this.fd, EPOLL_CTL_ADD, fd, this.#change)
  }

  remove(fd: number): void {
    libc.epollCtl(this.fd, EPOLL_CTL_DEL, fd, this.#change)
  }

  /** Waits at most `timeoutMs` for descriptors to read; returns how many are ready (their tags by `tag`). */
  wait(timeoutMs: number): number {
    return Math.max(0, libc.epollWait(this.fd, this.#events, MAX_READY, timeoutMs))
  }

  tag(index: number): number {
    return this.#view.getUint32(index * EVENT_SIZE + DATA_AT, true)
  }

  close(): void {
    libc.close(this.fd)
  }
}
