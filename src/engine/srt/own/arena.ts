/**
 * The memory of our own SRT stack: headers, payloads, key streams and everything else the kernel reads and writes. It
 * is one WebAssembly memory whose base never moves, reserved whole and taken from the machine page by page as it is
 * used.
 *
 * Blocks are powers of two. A released block is kept for the next that needs one of its size; the pages of a large one
 * go back to the machine meanwhile, so a process that runs for months does not hold what its busiest hour needed.
 */
import { type WasmMemory, webAssembly } from "../../../core/packet-core/web-assembly.ts"
import { libc, MADV_DONTNEED, nativeAddress } from "../../ffi/libc.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"

const PAGE = 65536
/** 1 GiB: fifty channels with eight seconds at 20 Mbit/s each. */
const RESERVED = 1 << 30
const SMALLEST = 64
/** Bytes of a block from which on its pages are given back, and of a page of the machine. */
const LARGE = 1 << 20
const MACHINE_PAGE = 4096

/** A block of the arena. */
export interface Block {
  readonly at: number
  readonly size: number
}

export class SrtArena {
  readonly memory: WasmMemory
  readonly bytes: Uint8Array
  readonly u16: Uint16Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly view: DataView
  /** Native address of byte 0. */
  readonly base: number
  readonly #baseLow: number
  readonly #baseHigh: number
  readonly #free = new Map<number, number[]>()
  #used = SMALLEST
  /** Bytes in blocks that somebody holds. */
  held = 0

  constructor(reserved = RESERVED) {
    const pages = Math.ceil(reserved / PAGE)
    this.memory = new webAssembly.Memory({ initial: pages, maximum: pages })
    const { buffer } = this.memory
    this.bytes = new Uint8Array(buffer)
    this.u16 = new Uint16Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.view = new DataView(buffer)
    this.base = nativeAddress(this.bytes)
    this.#baseHigh = Math.floor(this.base / 4294967296)
    this.#baseLow = this.base - this.#baseHigh * 4294967296
  }

  /** A block of at least `size` bytes, not cleared. Throws SetupFailure (`srt_memory`) when the arena is full. */
  take(size: number): Block {
    const block = this.tryTake(size)
    if (block !== null) return block
    throw new SetupFailure({
      code: "srt_memory",
      message: `the SRT stack holds ${this.held >> 20} MiB, its bound: run fewer SRT outputs, or shorter latencies`,
      transient: true,
    })
  }

  /** As `take`, but null when the arena is full. */
  tryTake(size: number): Block | null {
    const rounded = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size)))
    const at = this.#free.get(rounded)?.pop() ?? this.#append(rounded)
    if (at === null) return null
    this.held += rounded
    return { at, size: rounded }
  }

  #append(size: number): number | null {
    const at = this.#used
    if (at + size > this.bytes.length) return null
    this.#used = at + size
    return at
  }

  release(block: Block): void {
    const free = this.#free.get(block.size)
    if (free === undefined) this.#free.set(block.size, [block.at])
    else free.push(block.at)
    this.held -= block.size
    if (block.size >= LARGE) this.#giveBack(block)
  }

  /** The pages that lie in the block whole: the machine has them again, and makes new ones when they are written to. */
  #giveBack({ at, size }: Block): void {
    const first = Math.ceil((this.base + at) / MACHINE_PAGE) * MACHINE_PAGE
    const end = Math.floor((this.base + at + size) / MACHINE_PAGE) * MACHINE_PAGE
    // Refused, the pages stay: nothing else comes of it.
    libc.madvise(first, end - first, MADV_DONTNEED)
  }

  /** Writes the native address of `offset` as a pointer at byte `at`, a multiple of 4. */
  pointer(at: number, offset: number): void {
    const low = this.#baseLow + offset
    const word = at >> 2
    this.u32[word] = low
    this.u32[word + 1] = low >= 4294967296 ? this.#baseHigh + 1 : this.#baseHigh
  }
}
