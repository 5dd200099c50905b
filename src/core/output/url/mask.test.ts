import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { maskSecrets, parseOutputUrl } from "../output-url.ts"
import { parseHlsUrl } from "./hls-url.ts"

describe("maskSecrets", () => {
  it.each([
    ["srt://h:9000?passphrase=0123456789&latency=20", "srt://h:9000?passphrase=***&latency=20"],
    ["srt://h:9000?mode=caller&PassPhrase=0123456789", "srt://h:9000?mode=caller&PassPhrase=***"],
    ["srt://h:9000?pass%70hrase=0123456789", "srt://h:9000?pass%70hrase=***"],
    ["srt://h:9000?x=1&amp;passphrase=0123456789", "srt://h:9000?x=1&amp;passphrase=***"],
    ["srt://h:9000?passphrase=01234&56789", "srt://h:9000?passphrase=***&***"],
    ["srt://u:secret@h:9000?latency=1", "srt://u:***@h:9000?latency=1"],
    ["srt://u:sec/ret@h:9000", "srt://u:***@h:9000"],
    ["srt://u:sec?ret@h:9000", "srt://u:***@h:9000"],
    ["srt://h:9000?streamid=#!::r=x,m=publish", "srt://h:9000?streamid=#!::r=x,m=publish"],
    ["srt://h:9000?streamid=a@b", "srt://h:9000?streamid=a@b"],
    ["srt://h:9000?streamid=publish:x:me:geheim", "srt://h:9000?streamid=publish:x:me:***"],
    ["srt://h:9000?streamid=publish%3Ax%3Ame%3Ageheim", "srt://h:9000?streamid=publish:x:me:***"],
    ["rtmp://cdn.example.com/live/streamkey", "rtmp://cdn.example.com/live/***"],
    ["rtmp://10.0.0.50:1935/app/mystream", "rtmp://10.0.0.50:1935/app/***"],
    ["rtmps://live-api-s.facebook.com:443/rtmp/KEY?a=b&c", "rtmps://live-api-s.facebook.com:443/rtmp/***"],
    ["rtmp://u:p@h/app/inst/key", "rtmp://u:***@h/app/***"],
    ["rtmp://h/app", "rtmp://h/app"],
    ["rtmp://h/app?key=x", "rtmp://h/app?***"],
    ["rtsp://u:p@h:554/x?token=abc", "rtsp://u:***@h:554/x?token=***"],
    ["https://u:p@h/x?X-Amz-Signature=abc&a=b", "https://u:***@h/x?X-Amz-Signature=***&a=b"],
    [
      "https://a.upload.youtube.com/http_upload_hls?cid=abcd-1234&copy=0&file=",
      "https://a.upload.youtube.com/http_upload_hls?cid=***&copy=0&file=",
    ],
    [
      "https://h/http_upload_hls?CID=abcd&copy=1&file=index.m3u8",
      "https://h/http_upload_hls?CID=***&copy=1&file=index.m3u8",
    ],
    ["https://h/live/index.m3u8?token=abc&x=1", "https://h/live/index.m3u8?token=***&x=1"],
    ["https://u:se/cret@h/live/index.m3u8", "https://u:***@h/live/index.m3u8"],
    ["s3://KEYID:secret@bucket/prefix", "s3://KEYID:***@bucket/prefix"],
    ["https://h/x.m3u8?hdnts=abc&x=1", "https://h/x.m3u8?hdnts=***&x=1"],
    ["https://h/x.m3u8?sas=abc&policy=def&jwt=g", "https://h/x.m3u8?sas=***&policy=***&jwt=***"],
    ["rtsp://h/x?tok=abc&k=d", "rtsp://h/x?tok=***&k=***"],
    ["srt://h:9000?streamid=live/x?token=abc", "srt://h:9000?streamid=live/x?token=***"],
    ["srt://h:9000?streamid=live/x%3Ftoken%3Dabc", "srt://h:9000?streamid=live/x?token=***"],
    ["s3://bucket/prefix?secret=abc", "s3://bucket/prefix?secret=***"],
    ["hls://sports/main", "hls://sports/main"],
    ["file://sports", "file://sports"],
    ["udp://@239.0.0.1:5000", "udp://@239.0.0.1:5000"],
    ["passphrase", "passphrase"],
    ["", ""],
  ])("%s", (url, masked) => expect(maskSecrets(url)).toBe(masked))

  it("never shows a passphrase, in the masked URL, the options, the warnings or the errors", () => {
    const words = fc.string({ minLength: 4, maxLength: 90 }).filter((s) => !/\*\*\*/.test(s) && /^[^&]+$/.test(s))
    const key = fc.constantFrom("passphrase", "PASSPHRASE", "passphras%65")
    const before = fc.constantFrom("", "mode=caller&", "streamid=#!::r=x&", "foo&", "latency=bad&")
    fc.assert(
      fc.property(before, key, words, fc.boolean(), (start, name, word, encode) => {
        // The marks around the secret keep it from occurring elsewhere by chance.
        const secret = `§${word}§`
        const url = `srt://h:9000?${start}${name}=${encode ? encodeURIComponent(secret) : secret}&latency=20`
        const parsed = parseOutputUrl(url)
        const told = JSON.stringify(parsed.ok ? [parsed.options, parsed.ignored, parsed.warnings] : parsed.errors)
        for (const text of [maskSecrets(url), told]) {
          expect(text).not.toContain("§")
          expect(text).not.toContain("%C2%A7")
          expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
        }
        expect(parseOutputUrl(maskSecrets(url)).ok).toBe(false)
      }),
    )
  })

  it("shows no key of an upload URL, and what it shows is refused", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-zA-Z0-9-]{4,30}$/),
        fc.constantFrom("cid", "token", "key", "signature"),
        (word, name) => {
          const key = `q7${word}`
          for (const url of [
            `https://h/up?${name}=${key}&copy=0&file=`,
            `https://h/live/index.m3u8?${name}=${key}`,
            `https://u:${key}@h/a.m3u8`,
          ]) {
            const masked = maskSecrets(url)
            expect(masked).not.toContain(key)
            expect(parseHlsUrl(masked).ok).toBe(false)
            const parsed = parseHlsUrl(url)
            expect(
              JSON.stringify(parsed.ok ? [parsed.options, parsed.warnings, parsed.ignored] : parsed.errors),
            ).not.toContain(key)
          }
        },
      ),
    )
  })

  it("masking twice changes nothing more", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const once = maskSecrets(url.replace(/^https?/, "rtmp"))
        expect(maskSecrets(once)).toBe(once)
      }),
    )
  })
})
