/** URLs of RTSP outputs: `rtsp[s]://[user:password@]HOST[:PORT]/PATH`. ffmpeg gets them as they are. */
import { good, readHost, readPort } from "../../url/endpoint.ts"
import { splitUrl } from "../../url/url-text.ts"
import { type ParsedOutput, refuse } from "./target.ts"

const RTSP_PORT = 554
const RTSPS_PORT = 322

/** The URL as ffmpeg takes it: it reads the zone of an address as written, and knows no `%25` (RFC 6874). */
export const withPlainZone = (url: string): string => url.replace(/^(rtsps?:\/\/(?:[^/?#]*@)?\[[^\]%]*)%25/i, "$1%")

export const parseRtspUrl = (url: string): ParsedOutput => {
  const parts = splitUrl(url)
  if (parts === null) return refuse("the URL must have the form rtsp://HOST/PATH")
  const tls = parts.scheme === "rtsps"
  const host = readHost(parts.host)
  if (!host.ok) return refuse(host.message)
  if (host.value === "") return refuse("the host is missing: write rtsp://HOST/PATH")
  const port = parts.port === null ? good(tls ? RTSPS_PORT : RTSP_PORT) : readPort(parts.port)
  if (!port.ok) return refuse(port.message)
  if (url.includes("***")) return refuse("the URL holds *** in place of a secret: write the secret itself")
  if (parts.path.replace(/^\/+/, "") === "") return refuse("the path is missing: write rtsp://HOST/PATH")
  return {
    ok: true,
    target: { protocol: "rtsp", url, host: host.value, port: port.value },
    options: { host: host.value, port: port.value, tls },
    ignored: [],
    warnings: [],
  }
}
