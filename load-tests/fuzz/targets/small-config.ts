import type { Json } from "./damage-json.ts"

/** A configuration with one of each kind of input, and outputs with secrets, settings and a receiver that is off. */
export const SMALL: Json = {
  version: 1,
  channels: [
    {
      slug: "main",
      name: "Main event",
      rtp_ip: "127.0.0.1",
      rtp_port: 7000,
      backup_rtp_ip: "239.1.2.3",
      backup_rtp_port: 7002,
      tags: ["news"],
      input: { mode: "merge", reorder_ms: 50, scte35_pid: 500 },
      outputs: [
        { slug: "cdn", name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef&latency=200" },
        { slug: "rec", url: "file://main", settings: { segment_s: 60 } },
        { slug: "rtmp", url: "rtmp://192.0.2.2/live", stream_key: "key", enabled: false },
      ],
    },
    { slug: "srt-in", name: "By SRT", input_url: "srt://0.0.0.0:9100?mode=listener&streamid=a", outputs: [] },
  ],
}
