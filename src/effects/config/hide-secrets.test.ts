import { expect, it } from "vitest"
import { outputConfig } from "../testing/configs.ts"
import { hideSecrets } from "./hide-secrets.ts"

const rtmp = { protocol: "rtmp", url: "rtmp://h/live" } as const

it.each<[Parameters<typeof outputConfig>[0], string, string]>([
  [
    { ...rtmp, stream_key: "abcd-efgh" },
    "stream live/abcd-efgh is already published",
    "stream live/*** is already published",
  ],
  [{ ...rtmp, stream_key: "abcd?x=/1" }, "no abcd?x=/1, no abcd, no abcd%3Fx%3D%2F1", "no ***, no ***, no ***"],
  [{ ...rtmp, url: "rtmp://u:pass%20word@h/live/abcd-efgh" }, "u with pass word for abcd-efgh", "u with *** for ***"],
  [
    { url: "srt://h:1?passphrase=verysecret99" },
    "srt://h:1?passphrase=verysecret99 has verysecret99",
    "srt://h:1?passphrase=*** has ***",
  ],
  [{ ...rtmp, stream_key: "a" }, "a key", "a key"],
  [{ url: "?" }, "nothing to hide", "nothing to hide"],
  [
    { protocol: "hls", url: "https://h/up?cid={stream_key}&file=", stream_key: "ab/cd" },
    "PUT https://h/up?cid=ab%2Fcd&file=x failed: ab/cd",
    "PUT https://h/up?cid=***&file=x failed: ***",
  ],
  [
    { protocol: "hls", url: "https://me:pass%20word@h/up.m3u8?token=t0ken&x=1" },
    "HTTP 403: /up.m3u8?token=t0ken&x=1 is not for Basic bWU6cGFzcyB3b3Jk, me with pass word",
    "HTTP 403: /up.m3u8?token=***&x=1 is not for Basic ***, me with ***",
  ],
  [{ protocol: "rtsp", url: "rtsp://me:s3cret@h/live" }, "Basic bWU6czNjcmV0 of s3cret", "Basic *** of ***"],
])("%j: %s", (output, text, shown) => {
  expect(hideSecrets(outputConfig(output))(text)).toBe(shown)
})
