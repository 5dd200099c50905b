/** The value of one libsrt option as a URL writes it. */
import { SRT_OPTIONS, type SrtOption } from "../../srt/options.ts"
import { packetFilterProblem } from "../../srt/packet-filter.ts"
import { bad, good, type Read } from "../../url/endpoint.ts"
import { readInteger, readSwitch, shown } from "../../url/values.ts"
import type { Given } from "./collect.ts"
import type { SrtSetting } from "./target.ts"

export interface SrtValue {
  /** Null when the library's own value stays. */
  readonly value: SrtSetting["value"] | null
  readonly warning: string | null
}

const O = SRT_OPTIONS
const plain = (value: SrtSetting["value"] | null): Read<SrtValue> => good({ value, warning: null })
const bytesOf = (text: string): number => new TextEncoder().encode(text).length

const readPassphrase = (value: string): Read<SrtValue> => {
  const { min, max } = O.PASSPHRASE
  if (value === "") return bad("passphrase is empty: leave it out to send without encryption")
  const length = bytesOf(value)
  if (length < min || length > max)
    return bad(`passphrase must be ${min} to ${max} bytes long, which is what libsrt takes; it has ${length}`)
  return good({
    value,
    warning: length === max ? "many receivers take passphrases of at most 79 bytes; this one has 80" : null,
  })
}

const readKeyLength = (key: string, value: string): Read<SrtValue> => {
  const bits = ["128", "192", "256"].includes(value)
  const bytes = bits ? Number(value) / 8 : Number(value)
  if (!/^\d{1,3}$/.test(value) || !O.PBKEYLEN.values?.includes(bytes))
    return bad(`${key} must be 0, 16, 24 or 32 bytes, not ${shown(value)}`)
  return good({ value: bytes, warning: bits ? `${key}=${value} is read as ${value} bits: ${bytes} bytes` : null })
}

/** `0x010300` or `1.3.0`. */
const readVersion = (key: string, value: string): Read<SrtValue> => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(value)
  const [, major = 0, minor = 0, patch = 0] = match?.map(Number) ?? []
  if (match !== null && major < 256 && minor < 256 && patch < 256) return plain((major << 16) | (minor << 8) | patch)
  const read = readInteger(key, value, O.MINVERSION.min, O.MINVERSION.max)
  return read.ok ? plain(read.value) : bad(`${key} must be a version like 1.3.0 or 0x010300, not ${shown(value)}`)
}

/** What may only have its default, as everything here is live and made of messages. */
const readFixed = (key: string, value: string, fixed: RegExp, say: string): Read<SrtValue> =>
  fixed.test(value)
    ? plain(null)
    : bad(`${key} must be ${say}: only live transmission is possible, not ${shown(value)}`)

const readText = (option: SrtOption, key: string, value: string): Read<SrtValue> => {
  const length = bytesOf(value)
  if (length > option.max) return bad(`${key} must be at most ${option.max} bytes of UTF-8; it has ${length}`)
  return plain(value === "" ? null : value)
}

const readPacketFilter = (key: string, value: string): Read<SrtValue> => {
  const problem = value === "" ? null : packetFilterProblem(value)
  return problem === null ? plain(value === "" ? null : value) : bad(`${key} ${problem}, not ${shown(value)}`)
}

/**
 * Reads a value for its option; null in it means that nothing needs to be set. Secrets are not repeated in messages.
 */
export const readSrtValue = (option: SrtOption, { key, value }: Given): Read<SrtValue> => {
  switch (option) {
    case O.PASSPHRASE:
      return readPassphrase(value)
    case O.PBKEYLEN:
      return readKeyLength(key, value)
    case O.MINVERSION:
      return readVersion(key, value)
    case O.PACKETFILTER:
      return readPacketFilter(key, value)
    case O.TRANSTYPE:
      return readFixed(key, value, /^(?:live|0)$/i, "live")
    case O.CONGESTION:
      return readFixed(key, value, /^live$/i, "live")
    case O.MESSAGEAPI:
      return readFixed(key, value, /^(?:1|yes|on|true)$/i, "yes")
    case O.IPTTL:
    case O.IPTOS:
      // -1 is srt-live-transmit's way to leave it to the system.
      if (value === "-1") return plain(null)
  }
  if (option.type === "string") return readText(option, key, value)
  if (option.type === "bool") {
    const read = readSwitch(key, value)
    return read.ok ? plain(read.value) : read
  }
  const read = readInteger(key, value, option.min, option.max, option.unit)
  if (!read.ok) return read
  return plain(option.type === "int64" ? BigInt(read.value) : read.value)
}
