/**
 * Where a channel's legs come from: an address and port for RTP and plain TS, or an SRT URL. Pure; errors carry the
 * request's paths and repeat no secret.
 */
import { type ParsedInput, parseInputUrl, parseShownInputUrl, type SrtInputTarget } from "../../core/input/input-url.ts"
import { maskSecrets, unmaskSecrets } from "../../core/output/output-url.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { type Checked, done, failed } from "./checked.ts"

/**
 * The fields of a channel that say where its legs come from. Of a leg with a URL, address and port are those that the
 * URL names: the far end of a caller, where a listener listens.
 */
export type LegAddresses = Pick<
  ChannelConfig,
  "rtp_ip" | "rtp_port" | "input_url" | "backup_rtp_ip" | "backup_rtp_port" | "backup_input_url"
>

/** These fields as a request gives them: undefined is left out. */
export type GivenAddresses = { readonly [Name in keyof LegAddresses]?: LegAddresses[Name] | null | undefined }

/** A leg's address: its port is null only for what is still to be refused. */
interface Address {
  readonly ip: string | null
  readonly port: number | null
  readonly url: string | null
}
type Given = { readonly [Name in keyof Address]: Address[Name] | undefined }

const ANY = "0.0.0.0"
const MASK = "***"

/** Names of a leg's fields in requests and answers. */
export const LEG_FIELDS = {
  primary: { ip: "rtp_ip", port: "rtp_port", url: "input_url" },
  backup: { ip: "backup_rtp_ip", port: "backup_rtp_port", url: "backup_input_url" },
} as const

/** The local address of a listener, the host that a caller connects to. */
const hostOf = ({ host }: SrtInputTarget): string => (host === "" ? ANY : host)

/** True for the URL of a listener, whether its secrets are masked or not. */
const listens = (url: string): boolean => {
  const parsed = parseShownInputUrl(url)
  return parsed.ok && parsed.target.mode === "listener"
}

const AUTHORITY = /^([^:]*:\/\/)([^/?#]*)/

/**
 * `typed` with the secrets of `old` in the places of its masks: at the same host only, but for listeners, whose secrets
 * go nowhere, at whatever address and port they listen.
 */
const unmasked = (typed: string, old: string): string => {
  if (typed === maskSecrets(old)) return old
  const [own, before] = [AUTHORITY.exec(typed)?.[2], AUTHORITY.exec(old)?.[2]]
  if (own === undefined || before === undefined || !listens(typed) || !listens(old)) return unmaskSecrets(typed, old)
  const there = unmaskSecrets(
    typed.replace(AUTHORITY, (_, scheme: string) => scheme + before),
    old,
  )
  return there.replace(AUTHORITY, (_, scheme: string) => scheme + own)
}

const fromUrl = (typed: string, old: string | null, path: string): Checked<Address> => {
  const url = old === null ? typed : unmasked(typed, old)
  if (url !== old && url.includes(MASK)) {
    const message =
      old === null
        ? "is masked (***), and there is no such input yet whose secret it could be: give the secret itself"
        : "is masked (***) and differs from the URL that is stored: give its secrets too"
    return failed([{ path, message }])
  }
  const parsed = parseInputUrl(url)
  if (!parsed.ok) return failed(parsed.errors.map((message) => ({ path, message })))
  return done({ ip: hostOf(parsed.target), port: parsed.target.port, url })
}

/** What the fields of one leg come to; `old` is null where there was none. */
const legAddress = (name: SourceName, given: Given, old: Address | null): Checked<Address> => {
  const fields = LEG_FIELDS[name]
  const named = (["ip", "port"] as const).filter((part) => given[part] != null)
  if (given.url != null) {
    const [part] = named
    return part === undefined
      ? fromUrl(given.url, old?.url ?? null, fields.url)
      : failed([{ path: fields.url, message: `cannot be given with ${fields[part]}: give one of them` }])
  }
  const wasUrl = old !== null && old.url !== null
  if (wasUrl && given.url === undefined && named.length === 0) return done(old)
  const before = wasUrl ? null : old
  const isPrimary = name === "primary"
  const ip = given.ip === undefined || (isPrimary && given.ip === null) ? (before?.ip ?? null) : given.ip
  const port = given.port === undefined ? (before?.port ?? null) : given.port
  if (isPrimary && port === null)
    return failed([{ path: fields.port, message: `is required, or an SRT URL in ${fields.url}` }])
  // The address of an RTP leg that was SRT, or is new, may be left out; a backup is given with both, or by neither.
  return done({ ip: isPrimary || (wasUrl && port !== null) ? (ip ?? ANY) : ip, port, url: null })
}

const partsOf = (from: GivenAddresses, name: SourceName): Given => {
  const { ip, port, url } = LEG_FIELDS[name]
  return { ip: from[ip], port: from[port], url: from[url] }
}

const addressOf = (config: LegAddresses, name: SourceName): Address => {
  const { ip, port, url } = LEG_FIELDS[name]
  return { ip: config[ip], port: config[port], url: config[url] }
}

/**
 * Where the legs come from after a request. What it leaves out stays; a leg that is given a port is no SRT leg any
 * more, and the other way round. A secret of `old` that comes back masked stays.
 */
export const legAddresses = (given: GivenAddresses, old: LegAddresses | null): Checked<LegAddresses> => {
  const primary = legAddress("primary", partsOf(given, "primary"), old && addressOf(old, "primary"))
  const backup = legAddress("backup", partsOf(given, "backup"), old && addressOf(old, "backup"))
  const errors: FieldError[] = [primary, backup].flatMap((leg) => (leg.ok ? [] : leg.errors))
  if (!primary.ok || !backup.ok || primary.value.port === null) return failed(errors)
  return done({
    rtp_ip: primary.value.ip ?? ANY,
    rtp_port: primary.value.port,
    input_url: primary.value.url,
    backup_rtp_ip: backup.value.ip,
    backup_rtp_port: backup.value.port,
    backup_input_url: backup.value.url,
  })
}

/** The addresses as answers show them: a leg has either a URL, its secrets masked, or an address and a port. */
export const shownAddresses = (config: LegAddresses) => ({
  rtp_ip: config.input_url === null ? config.rtp_ip : null,
  rtp_port: config.input_url === null ? config.rtp_port : null,
  input_url: config.input_url === null ? null : maskSecrets(config.input_url),
  backup_rtp_ip: config.backup_input_url === null ? config.backup_rtp_ip : null,
  backup_rtp_port: config.backup_input_url === null ? config.backup_rtp_port : null,
  backup_input_url: config.backup_input_url === null ? null : maskSecrets(config.backup_input_url),
})

/** The addresses as a document holds them, with secrets: only the fields that say something of a leg. */
export const storedAddresses = (config: LegAddresses): GivenAddresses => ({
  ...(config.input_url === null
    ? { rtp_ip: config.rtp_ip, rtp_port: config.rtp_port }
    : { input_url: config.input_url }),
  ...(config.backup_input_url === null
    ? { backup_rtp_ip: config.backup_rtp_ip, backup_rtp_port: config.backup_rtp_port }
    : { backup_input_url: config.backup_input_url }),
})

/** What was read of URLs, as long as their configuration is kept: it is looked at once a second. */
const known = new WeakMap<LegAddresses, Partial<Record<SourceName, ParsedInput>>>()

/** What the URL of a leg means; null for a leg that has none. */
export const readLeg = (config: LegAddresses, name: SourceName): ParsedInput | null => {
  const url = config[LEG_FIELDS[name].url]
  if (url === null) return null
  const parts = known.get(config) ?? {}
  known.set(config, parts)
  const parsed = parts[name] ?? parseInputUrl(url)
  parts[name] = parsed
  return parsed
}

/** The SRT side of a leg; null for a leg that is received by RTP or UDP. */
export const srtTargetOf = (config: LegAddresses, name: SourceName): SrtInputTarget | null => {
  const parsed = readLeg(config, name)
  return parsed?.ok === true ? parsed.target : null
}
