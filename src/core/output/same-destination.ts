/** Whether two outputs send to one place, where one of them usually puts the other off the air. */
import type { OutputTarget } from "./url/target.ts"

/**
 * Names the place that a target sends to, for comparing only: it holds secrets. Null for a target that waits for
 * receivers or writes to this machine, whose place is its own anyway. Hosts are compared as written, in lower case.
 */
export const destinationOf = (target: OutputTarget): string | null => {
  const place = (...parts: ReadonlyArray<string | number | null>) => JSON.stringify(parts)
  switch (target.protocol) {
    case "srt":
      return target.mode === "caller" ? place("srt", target.host.toLowerCase(), target.port, target.streamId) : null
    case "udp":
    case "rtp":
      return place("udp", target.host.toLowerCase(), target.port)
    case "rtmp":
      return place("rtmp", target.url.host.toLowerCase(), target.url.port, target.url.app, target.url.streamKey)
    case "rtsp":
      return place("rtsp", target.url)
    case "hls":
      if (target.kind === "directory") return null
      return target.kind === "s3"
        ? place("s3", target.bucket, target.prefix)
        : place("http", target.base, target.playlist, target.query)
    case "file":
      return null
  }
}
