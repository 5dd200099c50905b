import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { pastedUrl, withScheme } from "./pasted-url.ts"

const SRT = "srt://192.0.2.7:9000?latency=200"

describe("pastedUrl", () => {
  it.each<[string, string, string]>([
    ["a URL alone", SRT, SRT],
    ["with spaces around it", `  ${SRT}\r\n`, SRT],
    ["in quotes", `"${SRT}"`, SRT],
    ["in typographic quotes", `“${SRT}”`, SRT],
    ["in single quotes, with a comma", `'${SRT}',`, SRT],
    ["in angle brackets", `<${SRT}>`, SRT],
    ["in both", `"<${SRT}>".`, SRT],
    ["with what is not seen", `\ufeff${SRT}\u200b`, SRT],
    ["a placeholder in it", "rtmp://a.rtmp.youtube.com/live2/<key>", "rtmp://a.rtmp.youtube.com/live2/<key>"],
    ["a host and port", "192.0.2.7:9000", "192.0.2.7:9000"],
    ["something else", "see the mail of yesterday", "see the mail of yesterday"],
    ["a sentence", `Please send to ${SRT} from noon`, SRT],
    ["a sentence with brackets", `Please send to <${SRT}>, from noon`, SRT],
    ["ffmpeg", `ffmpeg -re -i in.ts -c copy -f mpegts "${SRT}"`, SRT],
    ["ffmpeg that reads from a URL", `ffmpeg -i udp://239.1.1.1:5000 -c copy -f mpegts '${SRT}' -y`, SRT],
    ["ffmpeg over lines", `ffmpeg -re -i in.ts \\\n  -c copy -f mpegts \\\n  ${SRT}`, SRT],
    [
      "ffmpeg with options of SRT",
      "ffmpeg -i in.ts -f mpegts -passphrase 'correct horse&more' -pbkeylen 16 -streamid live/a srt://192.0.2.7:9000",
      "srt://192.0.2.7:9000?passphrase=correct%20horse%26more&pbkeylen=16&streamid=live%2Fa",
    ],
    [
      "ffmpeg with an option that the URL has",
      "ffmpeg -i in.ts -f mpegts -streamid other srt://192.0.2.7:9000?streamid=one",
      "srt://192.0.2.7:9000?streamid=one",
    ],
    ["ffmpeg to RTMP", "ffmpeg -i in.ts -c copy -f flv rtmp://192.0.2.7/live/key", "rtmp://192.0.2.7/live/key"],
    ["ffplay", `ffplay -fflags nobuffer ${SRT}`, SRT],
    ["ffplay with -i", `ffplay -i ${SRT}`, SRT],
    ["srt-live-transmit", `srt-live-transmit udp://:5000 "${SRT}"`, SRT],
    ["gst-launch", `gst-launch-1.0 filesrc location=in.ts ! tsparse ! srtsink uri="${SRT}"`, SRT],
  ])("%s", (_name, text, url) => {
    expect(pastedUrl(text)).toBe(url)
  })

  it("leaves text without spaces and without anything around it alone, and never throws", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(srt|rtmp|udp):\/\/[a-z0-9"'<>\\=&?.:/%]*[a-z0-9]$/), (url) => {
        expect(pastedUrl(url)).toBe(url)
      }),
    )
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => typeof pastedUrl(text) === "string"))
  })
})

describe("withScheme", () => {
  it.each<[string, Parameters<typeof withScheme>, string]>([
    ["a host and port", ["receiver.example:9000", "srt"], "srt://receiver.example:9000"],
    ["with a query", ["192.0.2.7:9000?latency=200", "srt"], "srt://192.0.2.7:9000?latency=200"],
    ["a port alone: a listener", [":9000", "srt"], "srt://:9000"],
    ["IPv6", ["[2001:db8::7]:5000", "udp"], "udp://[2001:db8::7]:5000"],
    ["with a path", ["192.0.2.7:1935/live/key", "rtmp"], "rtmp://192.0.2.7:1935/live/key"],
    ["HLS is uploaded by https", ["origin.example:443/live/", "hls"], "https://origin.example:443/live/"],
    ["a URL", ["udp://192.0.2.7:9000", "srt"], "udp://192.0.2.7:9000"],
    ["no port", ["receiver.example", "srt"], "receiver.example"],
    ["nothing", ["", "srt"], ""],
  ])("%s", (_name, [text, protocol], url) => {
    expect(withScheme(text, protocol)).toBe(url)
  })
})
