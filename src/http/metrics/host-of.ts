/** An output's destination as a label: host and port, bucket or directory; never a path, a key or a login. */
import type { OutputTarget } from "../../core/output/url/target.ts"
import { readOutput } from "../../effects/config/output-place.ts"
import type { OutputConfig } from "../../effects/model/channel.ts"

const withPort = (host: string, port: number) => `${host.includes(":") ? `[${host}]` : host}:${port}`

const destination = (target: OutputTarget): string => {
  switch (target.protocol) {
    case "srt":
    case "udp":
    case "rtp":
    case "rtsp":
      return withPort(target.host, target.port)
    case "rtmp":
      return withPort(target.url.host, target.url.port)
    case "file":
      return target.path
    case "hls":
      if (target.kind === "directory") return target.path
      return target.kind === "s3" ? target.bucket : (URL.parse(target.base)?.host ?? "")
  }
}

const known = new WeakMap<OutputConfig, string>()

/**
 * The host of an output; "" for a URL that cannot be read. Reading it costs more than the rest of a scrape, so it is
 * done once.
 */
export const hostOf = (config: OutputConfig): string => {
  const before = known.get(config)
  if (before !== undefined) return before
  const parsed = readOutput(config)
  const host = parsed.ok ? destination(parsed.target) : ""
  known.set(config, host)
  return host
}
