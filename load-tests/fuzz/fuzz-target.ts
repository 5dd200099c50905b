/** What is fuzzed: a place that bytes from outside come to, with the promises that it keeps for any of them. */
import type { Random } from "../../src/core/scte35/testing/fuzz-decoder.ts"

export interface FuzzRun {
  /** Makes the bytes of a case. They are all that `play` goes by, so that a stored case plays as it did. */
  readonly make: (random: Random) => Uint8Array
  /**
   * Plays a case and returns the number of inputs (datagrams, packets, bodies, lines) that it held. Throws or rejects
   * when a promise is broken.
   */
  readonly play: (bytes: Uint8Array) => number | Promise<number>
  readonly close?: () => void | Promise<void>
}

export interface FuzzTarget {
  readonly name: string
  /** What its inputs are, as a person calls them. */
  readonly inputs: string
  readonly open: () => FuzzRun | Promise<FuzzRun>
}

/** Throws with `claim` unless it holds. */
export const insist = (holds: boolean, claim: string | (() => string)): void => {
  if (!holds) throw new Error(typeof claim === "string" ? claim : claim())
}

/** One of a list, which is not empty. */
export const oneOf = <A>(random: Random, list: ReadonlyArray<A>): A => {
  const one = list[random() % list.length]
  if (one === undefined) throw new Error("there is nothing to choose from")
  return one
}

const EDGES = [0x00, 0x01, 0x0a, 0x22, 0x47, 0x7f, 0x80, 0x81, 0xfc, 0xfe, 0xff]

/** A copy of the bytes with up to `rounds` places damaged. */
export const damageBytes = (random: Random, sound: Uint8Array, rounds: number): Uint8Array => {
  let bytes = sound.slice()
  for (let left = random() % (rounds + 1); left > 0; left--) {
    const at = bytes.length === 0 ? 0 : random() % bytes.length
    switch (random() % 7) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8))
        break
      case 1:
        bytes[at] = oneOf(random, EDGES)
        break
      case 2:
        bytes[at] = random() >>> 24
        break
      case 3:
        bytes = bytes.slice(0, at)
        break
      case 4:
        bytes.copyWithin(at, bytes.length === 0 ? 0 : random() % bytes.length)
        break
      case 5:
        bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + (random() % 3)))
        break
      default: {
        const longer = new Uint8Array(bytes.length + 1 + (random() % 40))
        longer.set(bytes.subarray(0, at))
        longer.fill(random() >>> 24, at, longer.length - bytes.length + at)
        longer.set(bytes.subarray(at), longer.length - bytes.length + at)
        bytes = longer
      }
    }
  }
  return bytes
}
