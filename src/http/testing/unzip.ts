/** Reads a ZIP archive by its central directory (APPNOTE.TXT 4.3.12), and checks what it holds. */
import { crc32, inflateRawSync } from "node:zlib"

export const unzip = (archive: Buffer): ReadonlyMap<string, string> => {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0) throw new Error("no end of central directory")
  const files = new Map<string, string>()
  let at = archive.readUInt32LE(end + 16)
  for (let i = 0; i < archive.readUInt16LE(end + 10); i++) {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error(`no entry ${i} in the central directory`)
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.subarray(at + 46, at + 46 + nameLength).toString()
    const local = archive.readUInt32LE(at + 42)
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const bytes = inflateRawSync(archive.subarray(begin, begin + archive.readUInt32LE(at + 20)))
    if (bytes.length !== archive.readUInt32LE(at + 24)) throw new Error(`${name} has another length`)
    if (crc32(bytes) !== archive.readUInt32LE(at + 16)) throw new Error(`${name} has another CRC`)
    files.set(name, bytes.toString())
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}
