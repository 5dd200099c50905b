/**
 * What the engine is told of an output: its URL and key, its directory, and the name of that configuration. Pure but
 * for hashing.
 */
import { createHash } from "node:crypto"
import { join } from "node:path"
import { type ReadBackup, readBackup } from "../../core/output/backup-url.ts"
import { engineSettings } from "../../core/output/output-settings.ts"
import { type ParsedOutput, parseOutputUrl } from "../../core/output/output-url.ts"
import { STREAM_KEY_PLACE } from "../../core/output/presets.ts"
import type { RetryPolicy } from "../../core/settings/retry-delay.ts"
import type { OutputSpec } from "../../engine/protocol/messages.ts"
import type { OutputConfig } from "../model/channel.ts"
import type { Ingest } from "./ingest.ts"

/** What outputs and inputs use of this machine and of the settings of the service. Paths are absolute. */
export interface OutputHost {
  readonly hlsDir: string
  readonly recordingsDir: string
  /** For what lives as long as a session: FIFOs and process ids. */
  readonly runDir: string
  /** Program that publishes RTSP. */
  readonly ffmpeg: string
  readonly retry: RetryPolicy
  /** False refuses destinations, and inputs that are called, on this machine and in private networks. */
  readonly allowPrivateTargets: boolean
  /** The port at which SRT senders of all channels may call; null without one. */
  readonly ingest: Ingest | null
}

type Destination = Pick<OutputConfig, "url" | "stream_key">

/** URL and key as they are used: the key stands in the URL where that has a place for it. */
export const usedUrl = ({ stream_key, url }: Destination): Destination =>
  url.includes(STREAM_KEY_PLACE)
    ? { url: url.replaceAll(STREAM_KEY_PLACE, () => encodeURIComponent(stream_key ?? "")), stream_key: null }
    : { url, stream_key }

/** What was read of an output, as long as that output is kept: configurations are never changed, only replaced. */
const known = new WeakMap<Destination, ParsedOutput>()
let reads = 0

/** How many URLs were read since the start; a test holds it to one for each configuration. */
export const outputsRead = (): number => reads

/** What URL and key mean: read once for each configuration of an output. */
export const readOutput = (output: Destination): ParsedOutput => {
  const before = known.get(output)
  if (before !== undefined) return before
  const { stream_key, url } = usedUrl(output)
  const parsed = parseOutputUrl(url, stream_key ?? undefined)
  reads += 1
  known.set(output, parsed)
  return parsed
}

const backups = new WeakMap<object, ReadBackup>()

/** What the backup receiver of an output means, read once for each configuration; null where there is none. */
export const readBackupOf = (output: Destination & Pick<OutputConfig, "settings">): ReadBackup | null => {
  const { backup_url: url } = output.settings
  if (url === undefined) return null
  const before = backups.get(output)
  if (before !== undefined) return before
  const main = readOutput(output)
  if (!main.ok || main.target.protocol !== "srt") return null
  const read = readBackup(main.target, url)
  backups.set(output, read)
  return read
}

/** Directory that an output writes to; null for one that sends. */
export const directoryOf = (output: Destination, host: Pick<OutputHost, "hlsDir" | "recordingsDir">): string | null => {
  const parsed = readOutput(output)
  if (!parsed.ok) return null
  const { target } = parsed
  if (target.protocol === "file") return join(host.recordingsDir, target.path)
  return target.protocol === "hls" && target.kind === "directory" ? join(host.hlsDir, target.path) : null
}

/** Directory of the first of these outputs that is enabled and writes HLS to one; null when none does. */
export const hlsDirectoryOf = (outputs: ReadonlyArray<OutputConfig>, host: OutputHost): string | null => {
  const [first] = outputs
    .filter(({ enabled, protocol }) => enabled && protocol === "hls")
    .flatMap((output) => directoryOf(output, host) ?? [])
  return first ?? null
}

/** How an output that failed is tried again: by its settings, and where it has none by those of the service. */
export const retryPolicyOf = (
  { settings }: Pick<OutputConfig, "settings">,
  { retry }: Pick<OutputHost, "retry">,
): RetryPolicy => ({
  delayMs: settings.retry_delay_s === undefined ? retry.delayMs : settings.retry_delay_s * 1000,
  maxAttempts: settings.retry_attempts ?? retry.maxAttempts,
})

/** Names a configuration: 16 hexadecimal digits that differ when anything differs that a session depends on. */
export const revisionOf = (output: Destination & Pick<OutputConfig, "settings">, host: OutputHost): string => {
  const { stream_key, url } = usedUrl(output)
  const settings = Object.entries(engineSettings(output.settings)).sort(([a], [b]) => (a < b ? -1 : 1))
  const only = host.allowPrivateTargets ? [] : ["public"]
  const parts = JSON.stringify([url, stream_key, settings, directoryOf(output, host), ...only])
  return createHash("sha256").update(parts).digest("hex").slice(0, 16)
}

/** `session` is new for every attempt; `pipe` is the FIFO of an output whose stream ffmpeg sends. */
export const outputSpec = (
  output: OutputConfig,
  host: OutputHost,
  session: string,
  pipe: string | null = null,
): OutputSpec => ({
  id: output.id,
  label: output.slug,
  session,
  ...usedUrl(output),
  settings: engineSettings(output.settings),
  directory: directoryOf(output, host),
  pipe,
  revision: revisionOf(output, host),
  ...(host.allowPrivateTargets ? {} : { public_only: true }),
})
