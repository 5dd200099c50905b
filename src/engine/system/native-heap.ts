/**
 * Gives memory that libsrt no longer uses back to the system. glibc keeps what was freed for the thread that freed it,
 * and libsrt has two threads a port: after a flood of connections that came to nothing, 390 of 480 MB were free and yet
 * held for good.
 */
import * as c from "../ffi/libc.ts"

/**
 * Larger blocks are mapped one by one and returned at once when freed. glibc raises its own threshold of the same size
 * with each such block that is freed, up to 32 MB, after which most stay; a threshold that was set stays as it is.
 */
const MMAP_THRESHOLD = 128 * 1024
const TRIM_THRESHOLD = 1024 * 1024
/** Growth since the last time that is worth another: below a tenth of what the engine has at rest. */
const GROWTH_BYTES = 6 * 1024 * 1024

/** Call it before libsrt starts its threads. */
export const boundNativeHeap = (): void => {
  c.libc.mallopt(c.M_MMAP_THRESHOLD, MMAP_THRESHOLD)
  c.libc.mallopt(c.M_TRIM_THRESHOLD, TRIM_THRESHOLD)
}

export interface NativeHeap {
  /** Resident bytes of the process. */
  readonly residentBytes: () => number
  /** malloc_trim(0), on a thread of its own: it takes milliseconds where much is to be returned. */
  readonly trim: (done: () => void) => void
}

const GLIBC: NativeHeap = {
  residentBytes: () => process.memoryUsage.rss(),
  trim: (done) => c.libc.mallocTrim.async(0, () => done()),
}

/** Looks between two trims: more of them after each that gave little back, as what is left may be in use. */
const WAIT_LOOKS = 2
const WAIT_LOOKS_MAX = 16

/** Trims when the process has grown and grows no more. */
export class NativeHeapTrim {
  readonly #heap: NativeHeap
  /** Least there ever was at a look. */
  #least = Number.POSITIVE_INFINITY
  #before = 0
  #behindTrim = 0
  #wait = WAIT_LOOKS
  #looksLeft = 0
  #running = false
  /** How often it was done. */
  trims = 0

  constructor(heap: NativeHeap = GLIBC) {
    this.#heap = heap
  }

  /** Every few seconds. */
  look(): void {
    if (this.#running) return
    const resident = this.#heap.residentBytes()
    const grows = resident > this.#before + GROWTH_BYTES
    this.#before = resident
    this.#least = Math.min(this.#least, resident)
    if (Math.abs(resident - this.#behindTrim) > GROWTH_BYTES) {
      this.#wait = WAIT_LOOKS
      this.#looksLeft = Math.min(this.#looksLeft, WAIT_LOOKS)
    }
    if (this.#looksLeft > 0) this.#looksLeft -= 1
    // In the midst of it as much would be taken again at once.
    if (grows || this.#looksLeft > 0 || resident < this.#least + GROWTH_BYTES) return
    this.#running = true
    this.#heap.trim(() => this.#done(resident))
  }

  #done(before: number): void {
    this.#running = false
    this.trims += 1
    this.#behindTrim = this.#before = this.#heap.residentBytes()
    this.#least = Math.min(this.#least, this.#behindTrim)
    this.#wait = before - this.#behindTrim > GROWTH_BYTES ? WAIT_LOOKS : Math.min(WAIT_LOOKS_MAX, this.#wait * 2)
    this.#looksLeft = this.#wait
  }
}
