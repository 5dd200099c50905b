/** Bytes to AMF0 values. Whatever the bytes are: values, and a sentence about the first that could not be read. */
import { AMF0_MARKER, AMF0_MAX_DEPTH, type AmfProperties, type AmfValue } from "./amf0.ts"
import { fromUtf8 } from "./bytes.ts"

/** Values of one message, those inside others counted; no server sends a tenth of it. */
export const AMF0_MAX_VALUES = 4096

export interface DecodedAmf0 {
  /** What stands before the first fault. */
  readonly values: ReadonlyArray<AmfValue>
  readonly error: string | null
}

class Amf0Reader {
  problem: string | null = null
  #at = 0
  #count = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  value(depth: number): AmfValue {
    if (!this.#has(1, "a marker")) return undefined
    if (++this.#count > AMF0_MAX_VALUES) return this.#fail(`there are more than ${AMF0_MAX_VALUES} values`)
    if (depth > AMF0_MAX_DEPTH) return this.#fail(`values lie more than ${AMF0_MAX_DEPTH} deep inside each other`)
    const marker = this.#byte()
    switch (marker) {
      case AMF0_MARKER.number:
        return this.#number()
      case AMF0_MARKER.boolean:
        return this.#has(1, "a boolean") && this.#byte() !== 0
      case AMF0_MARKER.string:
        return this.#shortString("a string")
      case AMF0_MARKER.longString:
        return this.#longString("a long string")
      case AMF0_MARKER.null:
        return null
      case AMF0_MARKER.undefined:
        return undefined
      case AMF0_MARKER.object:
        return { kind: "object", properties: this.#properties(depth) }
      case AMF0_MARKER.ecmaArray:
        if (this.#has(4, "the count of an ECMA array")) this.#at += 4
        return { kind: "ecmaArray", properties: this.#properties(depth) }
      case AMF0_MARKER.strictArray:
        return { kind: "strictArray", values: this.#elements(depth) }
      case AMF0_MARKER.date:
        return { kind: "date", milliseconds: this.#number(), timeZone: this.#int16() }
      case AMF0_MARKER.xml:
        return { kind: "xml", text: this.#longString("an XML document") }
      case AMF0_MARKER.typedObject:
        return {
          kind: "typedObject",
          className: this.#shortString("a class name"),
          properties: this.#properties(depth),
        }
      default:
        this.#at--
        return this.#fail(`marker 0x${marker.toString(16).padStart(2, "0")} is not supported`)
    }
  }

  #properties(depth: number): AmfProperties {
    const list: Array<readonly [string, AmfValue]> = []
    for (;;) {
      const name = this.#shortString("a property name")
      if (this.problem !== null) return list
      if (name === "" && this.#bytes[this.#at] === AMF0_MARKER.objectEnd) {
        this.#at++
        return list
      }
      const value = this.value(depth + 1)
      if (this.problem !== null) return list
      list.push([name, value])
    }
  }

  #elements(depth: number): AmfValue[] {
    const list: AmfValue[] = []
    if (!this.#has(4, "the count of a strict array")) return list
    let left = this.#view.getUint32(this.#at)
    this.#at += 4
    // Each value has a byte at least: a count that cannot be true is told before anything is read.
    if (left > this.#bytes.length - this.#at) this.#fail(`a strict array of ${left} values is longer than the message`)
    for (; left > 0 && this.problem === null; left--) list.push(this.value(depth + 1))
    return list
  }

  #number(): number {
    if (!this.#has(8, "a number")) return 0
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8)
  }

  #int16(): number {
    if (!this.#has(2, "a time zone")) return 0
    this.#at += 2
    return this.#view.getInt16(this.#at - 2)
  }

  #shortString(what: string): string {
    if (!this.#has(2, `the length of ${what}`)) return ""
    this.#at += 2
    return this.#text(this.#view.getUint16(this.#at - 2), what)
  }

  #longString(what: string): string {
    if (!this.#has(4, `the length of ${what}`)) return ""
    this.#at += 4
    return this.#text(this.#view.getUint32(this.#at - 4), what)
  }

  #text(length: number, what: string): string {
    if (!this.#has(length, what)) return ""
    this.#at += length
    return fromUtf8(this.#bytes.subarray(this.#at - length, this.#at))
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  #has(size: number, what: string): boolean {
    if (this.problem !== null) return false
    const left = this.#bytes.length - this.#at
    if (left >= size) return true
    this.#fail(`${what} needs ${size} bytes, ${left} are left`)
    return false
  }

  #fail(problem: string): undefined {
    this.problem ??= `AMF0 at byte ${this.#at} of ${this.#bytes.length}: ${problem}`
  }
}

/** All values of a message body, in order. Never throws. */
export const decodeAmf0 = (bytes: Uint8Array): DecodedAmf0 => {
  const reader = new Amf0Reader(bytes)
  const values: AmfValue[] = []
  while (!reader.ended && reader.problem === null) {
    const value = reader.value(1)
    if (reader.problem === null) values.push(value)
  }
  return { values, error: reader.problem }
}
