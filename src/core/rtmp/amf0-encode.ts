/** AMF0 values to bytes. */
import { AMF0_MARKER, AMF0_MAX_DEPTH, type AmfComposite, type AmfProperties, type AmfValue } from "./amf0.ts"
import { utf8 } from "./bytes.ts"

const SHORT_STRING_MAX = 0xffff

class Output {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  byte(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  uint16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value)
  }

  uint32(value: number): void {
    const at = this.#room(4)
    this.#view.setUint32(at, value)
  }

  float64(value: number): void {
    const at = this.#room(8)
    this.#view.setFloat64(at, value)
  }

  append(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  /** Place of `size` new bytes. */
  #room(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }
}

const shortString = (output: Output, text: string, what: string): void => {
  const bytes = utf8(text)
  if (bytes.length > SHORT_STRING_MAX)
    throw new RangeError(`${what} has at most ${SHORT_STRING_MAX} bytes of UTF-8, not ${bytes.length}`)
  output.uint16(bytes.length)
  output.append(bytes)
}

const properties = (output: Output, list: AmfProperties, depth: number): void => {
  for (const [name, value] of list) {
    // An empty name may stand before any marker but the end of the object (2.5), which no value has.
    shortString(output, name, "an AMF0 property name")
    writeValue(output, value, depth)
  }
  output.uint16(0)
  output.byte(AMF0_MARKER.objectEnd)
}

const longString = (output: Output, marker: number, text: string): void => {
  const bytes = utf8(text)
  output.byte(marker)
  output.uint32(bytes.length)
  output.append(bytes)
}

const writeString = (output: Output, text: string) => {
  const bytes = utf8(text)
  if (bytes.length > SHORT_STRING_MAX) return longString(output, AMF0_MARKER.longString, text)
  output.byte(AMF0_MARKER.string)
  output.uint16(bytes.length)
  output.append(bytes)
}

const writeComposite = (output: Output, value: AmfComposite, depth: number) => {
  if (depth > AMF0_MAX_DEPTH) throw new RangeError(`AMF0 values lie at most ${AMF0_MAX_DEPTH} deep inside each other`)
  switch (value.kind) {
    case "object":
      output.byte(AMF0_MARKER.object)
      return properties(output, value.properties, depth + 1)
    case "ecmaArray":
      output.byte(AMF0_MARKER.ecmaArray)
      output.uint32(value.properties.length)
      return properties(output, value.properties, depth + 1)
    case "typedObject":
      output.byte(AMF0_MARKER.typedObject)
      shortString(output, value.className, "an AMF0 class name")
      return properties(output, value.properties, depth + 1)
    case "strictArray":
      output.byte(AMF0_MARKER.strictArray)
      output.uint32(value.values.length)
      for (const element of value.values) writeValue(output, element, depth + 1)
      return
    case "date":
      output.byte(AMF0_MARKER.date)
      output.float64(value.milliseconds)
      return output.uint16(value.timeZone & 0xffff)
    case "xml":
      return longString(output, AMF0_MARKER.xml, value.text)
  }
}

const writeValue = (output: Output, value: AmfValue, depth: number) => {
  if (value === null) return output.byte(AMF0_MARKER.null)
  switch (typeof value) {
    case "number":
      output.byte(AMF0_MARKER.number)
      return output.float64(value)
    case "boolean":
      output.byte(AMF0_MARKER.boolean)
      return output.byte(value ? 1 : 0)
    case "string":
      return writeString(output, value)
    case "undefined":
      return output.byte(AMF0_MARKER.undefined)
    default:
      return writeComposite(output, value, depth)
  }
}

/**
 * The values one after the other. RangeError for names and class names over 65535 bytes and for values more than
 * AMF0_MAX_DEPTH deep: faults of the program, since nothing that comes from a peer is written again.
 */
export const encodeAmf0 = (...values: ReadonlyArray<AmfValue>): Uint8Array<ArrayBuffer> => {
  const output = new Output()
  for (const value of values) writeValue(output, value, 1)
  return output.finish()
}
