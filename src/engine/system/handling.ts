/**
 * Which channel the engine is handling, kept where it can be read when the process is gone
 * (`protocol/handling-memory.ts`). A turn costs two stores to memory.
 */
import { MAX_CHANNELS } from "../../core/assembly/memory/layout.ts"
import { libc, mapShared } from "../ffi/libc.ts"
import { HANDLING_BYTES, NAME_BYTES, NAMES, NAMES_AT, STAGES, type Stage } from "../protocol/handling-memory.ts"

if (MAX_CHANNELS > NAMES) throw new Error(`the memory of what is being handled has room for ${NAMES} channels`)

const MFD_CLOEXEC = 1

const STAGE = Object.fromEntries(STAGES.map((name, at) => [name, at])) as Readonly<Record<Stage, number>>
export const RECEIVING = STAGE.receiving
export const SENDING = STAGE.sending
export const CHOOSING = STAGE["choosing a source"]
export const COMMANDED = STAGE["carrying out a command"]

export class Handling {
  /** Descriptor by which others may open it, under `/proc`; null when the memory is private. */
  readonly fd: number | null
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array

  /** `shared` asks for memory that the control plane can read; where the kernel has none, it is private all the same. */
  constructor(shared = false) {
    const fd = shared ? libc.memfdCreate("handling", MFD_CLOEXEC) : -1
    const memory = fd < 0 ? null : mapShared(fd, HANDLING_BYTES)
    this.fd = memory === null ? null : fd
    const buffer = memory ?? new ArrayBuffer(HANDLING_BYTES)
    this.#words = new Uint32Array(buffer, 0, 2)
    this.#bytes = new Uint8Array(buffer)
  }

  /** Gives the channel at `index` its id, ASCII; an empty one when it is gone. */
  name(index: number, id: string): void {
    const at = NAMES_AT + index * NAME_BYTES
    const text = Buffer.from(id, "latin1").subarray(0, NAME_BYTES)
    this.#bytes.fill(0, at, at + NAME_BYTES)
    this.#bytes.set(text, at)
  }

  /** From now on the channel at `index` is being handled; `stage` is one of the constants above. */
  begin(index: number, stage: number): void {
    this.#words[0] = index + 1
    this.#words[1] = stage
  }

  /** No channel is being handled. */
  end(): void {
    this.#words[0] = 0
  }
}
