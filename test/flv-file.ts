/** Reads FLV files and their AMF0 data messages for tests. It shares nothing with the product. */

export interface FlvTag {
  /** 8 for audio, 9 for video, 18 for data. */
  readonly type: number
  readonly ms: number
  readonly body: Buffer
}

/** The whole tags of an FLV file (Adobe FLV 10.1, annex E); a last tag that is cut off is left out. */
export const flvTags = (file: Buffer): FlvTag[] => {
  if (file.toString("latin1", 0, 3) !== "FLV") throw new Error("no FLV file")
  const tags: FlvTag[] = []
  for (let at = file.readUInt32BE(5) + 4; at + 11 <= file.length; ) {
    const size = file.readUIntBE(at + 1, 3)
    if (at + 11 + size > file.length) break
    const ms = file.readUIntBE(at + 4, 3) + file.readUInt8(at + 7) * 2 ** 24
    tags.push({ type: file.readUInt8(at) & 0x1f, ms, body: file.subarray(at + 11, at + 11 + size) })
    at += 11 + size + 4
  }
  return tags
}

export interface FlvPicture {
  readonly ms: number
  readonly compositionMs: number
  readonly key: boolean
  /** NAL units without their length fields. */
  readonly nals: ReadonlyArray<Buffer>
}

/** The H.264 pictures of a file, which have AVCPacketType 1. */
export const picturesOf = (tags: ReadonlyArray<FlvTag>): FlvPicture[] =>
  tags
    .filter(({ body, type }) => type === 9 && (body[0] ?? 0) % 16 === 7 && body[1] === 1)
    .map(({ body, ms }) => {
      const nals: Buffer[] = []
      for (let at = 5; at + 4 <= body.length; ) {
        const size = body.readUInt32BE(at)
        nals.push(body.subarray(at + 4, at + 4 + size))
        at += 4 + size
      }
      return { ms, compositionMs: body.readIntBE(2, 3), key: (body[0] ?? 0) >> 4 === 1, nals }
    })

/** The raw AAC frames of a file, with their times. */
export const aacOf = (tags: ReadonlyArray<FlvTag>): ReadonlyArray<{ readonly ms: number; readonly frame: Buffer }> =>
  tags
    .filter(({ body, type }) => type === 8 && (body[0] ?? 0) >> 4 === 10 && body[1] === 1)
    .map(({ body, ms }) => ({ ms, frame: body.subarray(2) }))

export type Amf = string | number | boolean | null | { readonly [key: string]: Amf }

/** The AMF0 values of a data message: strings, numbers, booleans, null, objects and ECMA arrays. */
export const amfValues = (body: Buffer): Amf[] => {
  let at = 0
  const text = (bytes: number) => {
    const length = body.readUIntBE(at, bytes)
    at += bytes + length
    return body.toString("utf8", at - length, at)
  }
  const object = (): Amf => {
    const fields: Record<string, Amf> = {}
    for (;;) {
      const key = text(2)
      if (key === "" && body[at] === 9) {
        at += 1
        return fields
      }
      fields[key] = value()
    }
  }
  const value = (): Amf => {
    const marker = body.readUInt8(at)
    at += 1
    if (marker === 0) {
      at += 8
      return body.readDoubleBE(at - 8)
    }
    if (marker === 1) return body.readUInt8(at++) !== 0
    if (marker === 2) return text(2)
    if (marker === 3) return object()
    if (marker === 5 || marker === 6) return null
    if (marker === 8) {
      at += 4
      return object()
    }
    if (marker === 12) return text(4)
    throw new Error(`AMF0 marker ${marker} at ${at - 1}`)
  }
  const values: Amf[] = []
  while (at < body.length) values.push(value())
  return values
}

/** Finds the NAL units of an Annex B stream by its start codes alone. */
export const annexBNals = (stream: Buffer): Buffer[] => {
  const nals: Buffer[] = []
  let start = -1
  for (let at = stream.indexOf("\0\0\x01", 0, "latin1"); at >= 0; at = stream.indexOf("\0\0\x01", at + 3, "latin1")) {
    if (start >= 0) nals.push(withoutZeros(stream.subarray(start, at)))
    start = at + 3
  }
  if (start >= 0) nals.push(withoutZeros(stream.subarray(start)))
  return nals
}

/** Cuts off trailing_zero_8bits and the zero before a four-byte start code, which are not part of a NAL unit. */
const withoutZeros = (nal: Buffer): Buffer => {
  let end = nal.length
  while (end > 0 && nal[end - 1] === 0) end--
  return nal.subarray(0, end)
}
