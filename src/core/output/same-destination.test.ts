import { describe, expect, it } from "vitest"
import { parseOutputUrl } from "./output-url.ts"
import { destinationOf } from "./same-destination.ts"

const of = (url: string, key?: string) => {
  const parsed = parseOutputUrl(url, key)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return destinationOf(parsed.target)
}

describe("destinationOf", () => {
  it.each<[string, string, string]>([
    ["SRT with other options", "srt://receiver.example:9000?latency=200", "srt://Receiver.example:9000?latency=80"],
    ["UDP and RTP", "udp://239.1.1.1:5000", "rtp://239.1.1.1:5000?ttl=3"],
    ["RTMP with its default port", "rtmp://host/live/key", "rtmp://host:1935/live/key"],
    ["uploads", "https://host/live/index.m3u8", "https://host/live/index.m3u8"],
    ["S3", "s3://bucket/news", "s3://bucket/news"],
    ["RTSP", "rtsp://host:8554/live", "rtsp://host:8554/live"],
  ])("%s: one place", (_name, one, other) => {
    expect(of(one)).not.toBeNull()
    expect(of(one)).toBe(of(other))
  })

  it.each<[string, string, string]>([
    ["SRT with another stream id", "srt://host:9000?streamid=a", "srt://host:9000?streamid=b"],
    ["another port", "udp://239.1.1.1:5000", "udp://239.1.1.1:5002"],
    ["RTMP with another key", "rtmp://host/live/key", "rtmp://host/live/yek"],
    ["another name of an upload", "https://host/live/a.m3u8", "https://host/live/b.m3u8"],
  ])("%s: two places", (_name, one, other) => {
    expect(of(one)).not.toBe(of(other))
  })

  it("knows a stream key that is given apart", () => {
    expect(of("rtmp://host/live", "key")).toBe(of("rtmp://host/live/key"))
  })

  it.each(["srt://:9000", "hls://news", "file://news"])("is null for %s, which has its place for itself", (url) => {
    expect(of(url)).toBeNull()
  })
})
