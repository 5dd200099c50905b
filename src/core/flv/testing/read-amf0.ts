/**
 * A separate reader of AMF0, for tests only. It reads numbers, booleans, strings, objects and ECMA arrays (as pairs, in
 * their order).
 */
export type Amf0 = number | boolean | string | ReadonlyArray<readonly [string, Amf0]>

export const readAmf0 = (bytes: Uint8Array): Amf0[] => {
  const buffer = Buffer.from(bytes)
  let at = 0
  const text = (): string => {
    const size = buffer.readUInt16BE(at)
    at += 2 + size
    return buffer.toString("utf8", at - size, at)
  }
  const pairs = (): Array<readonly [string, Amf0]> => {
    const list: Array<readonly [string, Amf0]> = []
    while (buffer.readUIntBE(at, 3) !== 9) list.push([text(), value()])
    at += 3
    return list
  }
  const value = (): Amf0 => {
    const marker = buffer.readUInt8(at++)
    if (marker === 0) {
      at += 8
      return buffer.readDoubleBE(at - 8)
    }
    if (marker === 1) return buffer.readUInt8(at++) !== 0
    if (marker === 2) return text()
    if (marker === 8) at += 4
    if (marker === 3 || marker === 8) return pairs()
    throw new Error(`marker ${marker} at ${at - 1}`)
  }
  const values: Amf0[] = []
  while (at < buffer.length) values.push(value())
  return values
}
