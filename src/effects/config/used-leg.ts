/** The SRT side of a channel's leg as the engine gets it: the stored URL with what the ingest port adds to it. Pure. */
import { type ParsedInput, parseInputUrl, type SrtInputTarget } from "../../core/input/input-url.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"
import { hideInputSecrets } from "./hide-secrets.ts"
import { type Ingest, ingestUrl } from "./ingest.ts"
import { LEG_FIELDS, type LegAddresses, readLeg } from "./leg-address.ts"

/** What is needed of a channel to know how its legs are received. */
export type WithLegs = LegAddresses & Pick<ChannelConfig, "slug">

export interface UsedLeg {
  /** With its secrets. */
  readonly url: string
  readonly parsed: Extract<ParsedInput, { readonly ok: true }>
  readonly target: SrtInputTarget
  /** Masks the leg's secrets in a sentence about it. */
  readonly hide: (text: string) => string
}

/** What was read, as long as the configuration is kept: it is looked at once a second. */
const known = new WeakMap<WithLegs, Map<string, UsedLeg>>()

const read = (config: WithLegs, name: SourceName, ingest: Ingest | null): UsedLeg | null => {
  const stored = config[LEG_FIELDS[name].url]
  const parsed = readLeg(config, name)
  if (stored === null || parsed?.ok !== true) return null
  const url = ingestUrl(stored, parsed.target, config, name, ingest)
  const used = url === stored ? parsed : parseInputUrl(url)
  return used.ok ? { url, parsed: used, target: used.target, hide: hideInputSecrets(url) } : null
}

/** How a leg is received by SRT; null for a leg that is received by RTP or UDP. */
export const usedLeg = (config: WithLegs, name: SourceName, ingest: Ingest | null): UsedLeg | null => {
  if (config[LEG_FIELDS[name].url] === null) return null
  const legs = known.get(config) ?? new Map<string, UsedLeg>()
  known.set(config, legs)
  const key = ingest === null ? name : `${name} ${ingest.port} ${ingest.passphrase ?? ""}`
  const leg = legs.get(key) ?? read(config, name, ingest)
  if (leg !== null) legs.set(key, leg)
  return leg
}

/** Masks the secrets of a leg in what the engine says about it. */
export const hideOfLeg = (config: WithLegs, name: SourceName, ingest: Ingest | null): ((text: string) => string) =>
  usedLeg(config, name, ingest)?.hide ?? ((text) => text)

/** Masks the secrets of both legs in a sentence that may be about either. */
export const hideOfLegs = (config: WithLegs, ingest: Ingest | null): ((text: string) => string) => {
  const [primary, backup] = [hideOfLeg(config, "primary", ingest), hideOfLeg(config, "backup", ingest)]
  return (text) => backup(primary(text))
}
