/**
 * The port at which SRT senders of all channels may call (`SRT_INGEST_PORT`): they are told apart by their stream ids,
 * which name the channel. Pure.
 */
import type { SrtInputTarget } from "../../core/input/input-url.ts"
import { formatStreamId } from "../../core/srt/stream-id.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"

/** What `SRT_INGEST_PORT` and `SRT_INGEST_PASSPHRASE` say. */
export interface Ingest {
  readonly port: number
  /** Null for a port whose senders do not encrypt. */
  readonly passphrase: string | null
}

/** The stream id by which a leg is asked for at the ingest port. */
export const ingestStreamId = (slug: string, name: SourceName): string =>
  formatStreamId({ resource: name === "primary" ? slug : `${slug}/${name}`, mode: "publish" }) ?? ""

const withParts = (url: string, parts: Readonly<Record<string, string>>): string =>
  Object.entries(parts).reduce(
    (whole, [key, value]) => `${whole}${whole.includes("?") ? "&" : "?"}${key}=${encodeURIComponent(value)}`,
    url,
  )

/** True for a leg that listens at the ingest port. */
export const isAtIngest = ({ mode, port }: Pick<SrtInputTarget, "mode" | "port">, ingest: Ingest | null): boolean =>
  mode === "listener" && port === ingest?.port

/**
 * The URL that a leg is received by: at the ingest port a listener gets the stream id of its leg and the port's
 * passphrase, where its own URL has none. `target` is what the stored URL means.
 */
export const ingestUrl = (
  url: string,
  target: SrtInputTarget,
  { slug }: Pick<ChannelConfig, "slug">,
  name: SourceName,
  ingest: Ingest | null,
): string =>
  ingest === null || !isAtIngest(target, ingest)
    ? url
    : withParts(url, {
        ...(target.streamId === null ? { streamid: ingestStreamId(slug, name) } : {}),
        ...(target.passphrase === null && ingest.passphrase !== null ? { passphrase: ingest.passphrase } : {}),
      })

/** What is wrong with the passphrase of a leg at the ingest port, as a sentence; null when nothing is. */
export const ingestProblem = (target: SrtInputTarget, ingest: Ingest | null): string | null =>
  ingest === null ||
  ingest.passphrase === null ||
  !isAtIngest(target, ingest) ||
  target.passphrase === null ||
  target.passphrase === ingest.passphrase
    ? null
    : `has a passphrase of its own, but port ${ingest.port} (SRT_INGEST_PORT) has the one of SRT_INGEST_PASSPHRASE for all inputs: leave the passphrase out, or listen on another port`
