import { describe, expect, it } from "vitest"
import { describeOutput } from "./describe-output.ts"
import { parseOutputUrl } from "./output-url.ts"

const told = (url: string, key?: string): string => {
  const parsed = parseOutputUrl(url, key)
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("; "))
  return describeOutput(parsed)
}

describe("describeOutput", () => {
  it.each([
    ["srt://192.0.2.7:9000", "SRT caller to 192.0.2.7:9000, latency 120 ms, not encrypted"],
    [
      "srt://[2001:db8::1]:9000?latency=2000&streamid=live/a&passphrase=0123456789ab",
      "SRT caller to [2001:db8::1]:9000, latency 2000 ms, encrypted with AES-128, stream id live/a",
    ],
    ["srt://:9000?latency=300", "SRT listener on port 9000, latency 300 ms, not encrypted"],
    [
      "srt://127.0.0.1:9000?mode=listener&oheadbw=50",
      "SRT listener on 127.0.0.1:9000, latency 120 ms, overhead 50 %, not encrypted",
    ],
    [
      "srt://h:1?mode=rendezvous&tlpktdrop=0",
      "SRT rendezvous with h:1, latency 120 ms, too late packet drop off, not encrypted",
    ],
    ["udp://239.1.1.1:5000?ttl=3", "UDP to 239.1.1.1:5000, ttl 3"],
    ["rtp://h:5004?pacing=pcr", "RTP to h:5004, pacing pcr, pacing delay 100 ms"],
    ["rtmps://h/live/key", "RTMP over TLS to h:443, application live"],
    ["rtsp://h/x", "RTSP to h:554"],
    ["hls://news", "HLS into the directory news, served below /hls/"],
    ["https://h/p/index.m3u8", "HLS upload by HTTP to h:443, playlist index.m3u8"],
    ["s3://bucket/live", "HLS to the S3 bucket bucket, below live, playlist index.m3u8"],
    ["file://archive/news", "TS recording into the directory archive/news"],
  ])("%s", (url, sentence) => {
    expect(told(url)).toBe(sentence)
  })

  it("tells no secret", () => {
    const secrets = [
      "srt://h:1?passphrase=s3cret-s3cret&streamid=publish:p:u:s3cret",
      "rtmp://u:s3cret@h/live/s3cret",
      "rtsp://u:s3cret@h/x",
    ]
    for (const url of secrets) expect(told(url)).not.toContain("s3cret")
    for (const url of ["rtmp://h/live/s3cret", "rtmp://h/live2?backup=1/s3cret"])
      expect(told(url, "key")).not.toContain("s3cret")
    expect(told("rtmp://h/live", "s3cret")).not.toContain("s3cret")
    expect(told("https://h/up?token=s3cret&file=")).not.toContain("s3cret")
  })
})
