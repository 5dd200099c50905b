/**
 * URLs that others need to receive a channel, as they would dial them: with the host by which the reader reached this
 * service.
 */
import type { OutputView } from "../../src/effects/model/channel.ts"
import type { ChannelShown } from "./channel-shown.ts"

export interface CopyableUrl {
  /** Id of the output. */
  readonly id: string
  readonly name: string
  /** What the URL is for. */
  readonly use: string
  readonly url: string
}

/** Local addresses that stand for all addresses. */
const ANY = new Set(["", "0.0.0.0", "[::]", "*"])
/** Matches the address and port on which a listener listens, which are not among its URL's options. */
const LISTENS_ON = /^srt:\/\/@?(\[[^\]]*\]|[^:/?@]*):(\d+)/i

const listenerUrl = ({ options, url }: OutputView, origin: string): string | null => {
  const [, local, port] = LISTENS_ON.exec(url) ?? []
  if (options["mode"] !== "listener" || local === undefined || port === undefined) return null
  const host = ANY.has(local) ? new URL(origin).hostname : local
  // Values are as in the listener's URL; only characters that would end a value are escaped, since few receivers
  // unescape.
  const value = (name: string) => String(options[name] ?? "").replace(/[%&#\s]/g, encodeURIComponent)
  const keys = [["streamid", "stream_id"] as const, ["latency", "latency_ms"] as const].filter(
    ([, name]) => value(name) !== "",
  )
  return `srt://${host}:${port}?mode=caller${keys.map(([key, name]) => `&${key}=${value(name)}`).join("")}`
}

const secret = ({ options }: OutputView) => (options["encryption"] ?? "none") !== "none"

/** URLs of a channel's listeners and HLS playlists; outputs that call or send have none. */
export const copyableUrls = ({
  channel,
  origin,
}: Pick<ChannelShown, "channel" | "origin">): ReadonlyArray<CopyableUrl> =>
  channel.outputs.flatMap((output) => {
    const { id, name, protocol, url } = output
    if (protocol === "hls" && url.startsWith("hls://"))
      return [
        {
          id,
          name,
          use: "HLS playlist",
          url: `${origin}/hls/${encodeURIComponent(channel.slug)}/${encodeURIComponent(output.slug)}/index.m3u8`,
        },
      ]
    const dialled = protocol === "srt" ? listenerUrl(output, origin) : null
    return dialled === null
      ? []
      : [
          {
            id,
            name,
            use: secret(output) ? "for SRT callers, who need the passphrase as well" : "for SRT callers",
            url: dialled,
          },
        ]
  })
