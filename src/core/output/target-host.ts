/** The machine that an output sends to, where its URL or settings name one. */
import type { OutputSettings } from "./output-settings.ts"
import type { OutputTarget } from "./output-url.ts"

export interface TargetHost {
  /** Name or address without brackets. */
  readonly host: string
  /** Field of the API that names it. */
  readonly path: "url" | "settings.s3_endpoint"
}

const hostOfUrl = (url: string): string | null =>
  URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, "$1") : null

/** Null for what stays on this machine (files, directories), for listeners, and for the object store of AWS. */
export const targetHost = (target: OutputTarget, settings: OutputSettings): TargetHost | null => {
  switch (target.protocol) {
    case "srt":
      return target.mode === "listener" ? null : { host: target.host, path: "url" }
    case "udp":
    case "rtp":
    case "rtsp":
      return { host: target.host, path: "url" }
    case "rtmp":
      return { host: target.url.host, path: "url" }
    case "file":
      return null
    case "hls": {
      if (target.kind === "directory") return null
      const url = target.kind === "http" ? target.base : settings.s3_endpoint
      const host = url === undefined ? null : hostOfUrl(url)
      return host === null ? null : { host, path: target.kind === "http" ? "url" : "settings.s3_endpoint" }
    }
  }
}
