/** A ZIP archive (APPNOTE.TXT 6.3) of a few texts: one after the other, deflated, with names in UTF-8. */
import { crc32, deflateRawSync } from "node:zlib"

export interface ZipFile {
  /** Path in the archive, with `/`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Version 2.0, for deflated files (4.4.3.2); bit 11: names are UTF-8 (4.4.4). */
const VERSION = 20
const UTF8_NAMES = 0x0800
const DEFLATED = 8
/** Made on Unix (4.4.2), readable and writable for the owner alone. */
const MADE_ON_UNIX = 3 << 8
const OWNER_ONLY = (0o100600 << 16) >>> 0

/** Date and time of MS-DOS (4.4.6), in UTC. */
const dosTime = (ms: number): readonly [time: number, date: number] => {
  const at = new Date(ms)
  return [
    (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  ]
}

/** The fields that a local header and the central directory have in common (4.3.7, 4.3.12). */
const commonFields = (file: ZipFile, name: Buffer, packed: Buffer, ms: number): Buffer => {
  const fields = Buffer.alloc(26)
  const [time, date] = dosTime(ms)
  fields.writeUInt16LE(VERSION, 0)
  fields.writeUInt16LE(UTF8_NAMES, 2)
  fields.writeUInt16LE(DEFLATED, 4)
  fields.writeUInt16LE(time, 6)
  fields.writeUInt16LE(date, 8)
  fields.writeUInt32LE(crc32(file.bytes), 10)
  fields.writeUInt32LE(packed.length, 14)
  fields.writeUInt32LE(file.bytes.length, 18)
  fields.writeUInt16LE(name.length, 22)
  return fields
}

const signature = (number: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return bytes
}

/**
 * Packs files, below 65 535 of them and 4 GiB in all.
 * @param ms time that they get, ms since 1970
 */
export const zipOf = (files: ReadonlyArray<ZipFile>, ms: number): Buffer<ArrayBuffer> => {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const file of files) {
    const name = Buffer.from(file.name)
    const packed = deflateRawSync(file.bytes)
    const common = commonFields(file, name, packed, ms)
    const local = [signature(0x04034b50), common, name, packed]
    parts.push(...local)
    // Comment, disk, internal and external attributes, offset.
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(OWNER_ONLY, 6)
    rest.writeUInt32LE(offset, 10)
    const madeBy = Buffer.alloc(2)
    madeBy.writeUInt16LE(MADE_ON_UNIX | VERSION)
    directory.push(signature(0x02014b50), madeBy, common, rest, name)
    offset += local.reduce((sum, { length }) => sum + length, 0)
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, central, end])
}
