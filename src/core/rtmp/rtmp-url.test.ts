import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseRtmpUrl, type RtmpUrl } from "./rtmp-url.ts"

const parsed = (url: string, key?: string): RtmpUrl => {
  const result = parseRtmpUrl(url, key)
  if (!result.ok) throw new Error(result.error)
  return result.url
}

const places: ReadonlyArray<[url: string, host: string, port: number, app: string, key: string, tcUrl: string]> = [
  ["rtmp://h/app/key", "h", 1935, "app", "key", "rtmp://h/app"],
  ["RTMP://Live.Example.COM/app/Key", "live.example.com", 1935, "app", "Key", "rtmp://Live.Example.COM/app"],
  ["rtmp://h:1936/app/inst/key", "h", 1936, "app/inst", "key", "rtmp://h:1936/app/inst"],
  ["rtmps://h/app/key", "h", 443, "app", "key", "rtmps://h/app"],
  ["rtmp://10.0.0.50/app/key", "10.0.0.50", 1935, "app", "key", "rtmp://10.0.0.50/app"],
  ["rtmp://[2001:db8::1]:1936/app/key", "2001:db8::1", 1936, "app", "key", "rtmp://[2001:db8::1]:1936/app"],
  ["rtmps://[fe80::1%25eth0]/app/key", "fe80::1%eth0", 443, "app", "key", "rtmps://[fe80::1%25eth0]/app"],
  ["rtmps://live-api-s.facebook.com:443/rtmp/FB-1?s_bl=1&s_sw=0&a=AbC", "live-api-s.facebook.com", 443, "rtmp", "FB-1?s_bl=1&s_sw=0&a=AbC", "rtmps://live-api-s.facebook.com:443/rtmp"],
  ["rtmps://b.rtmps.youtube.com/live2?backup=1/abcd-1234", "b.rtmps.youtube.com", 443, "live2?backup=1", "abcd-1234", "rtmps://b.rtmps.youtube.com/live2?backup=1"],
  ["rtmp://h/live2?backup=1/key?x=1", "h", 1935, "live2?backup=1", "key?x=1", "rtmp://h/live2?backup=1"],
  ["rtmp://h/app/inst?a=1/key?x=1/2", "h", 1935, "app/inst?a=1", "key?x=1/2", "rtmp://h/app/inst?a=1"],
  ["rtmp://h/app/key?sig=a/b", "h", 1935, "app", "key?sig=a/b", "rtmp://h/app"],
  ["rtmp://h/app/%41+b%2Fc#d", "h", 1935, "app", "%41+b%2Fc#d", "rtmp://h/app"],
  ["rtmp://h/app//key", "h", 1935, "app", "key", "rtmp://h/app"],
] // biome-ignore format: one line a case

const apart: ReadonlyArray<[url: string, key: string, app: string, tcUrl: string]> = [
  ["rtmps://b.rtmps.youtube.com:443/live2?backup=1", "abcd-1234", "live2?backup=1", "rtmps://b.rtmps.youtube.com:443/live2?backup=1"],
  ["rtmps://rtmp-api.facebook.com:443/rtmp/", "FB-1?s_bl=1&a=AbC", "rtmp", "rtmps://rtmp-api.facebook.com:443/rtmp"],
  ["rtmp://h/app/inst", "a/b?c=d/e#f %20", "app/inst", "rtmp://h/app/inst"],
  ["rtmp://h/app/live", "live", "", ""],
] // biome-ignore format: one line a case

describe("RTMP URLs", () => {
  it.each(places)("%s", (url, host, port, app, streamKey, tcUrl) => {
    const scheme = url.toLowerCase().startsWith("rtmps") ? "rtmps" : "rtmp"
    expect(parsed(url)).toEqual({ scheme, host, port, user: null, password: null, app, streamKey, tcUrl })
  })

  it.each(apart.slice(0, 3))("%s with the key apart", (url, key, app, tcUrl) => {
    expect(parsed(url, key)).toMatchObject({ app, streamKey: key, tcUrl })
  })

  it.each([
    ["rtmp://bob:s3cret@h/app/key", "bob", "s3cret"],
    ["rtmp://bob@h/app/key", "bob", ""],
    ["rtmp://me%40x.com:p%3A%2Fw@h:1/app/key", "me@x.com", "p:/w"],
    ["rtmp://bob:a:b@c@h/app/key", "bob", "a:b@c"],
  ])("%s takes the login out", (url, user, password) => {
    const result = parsed(url)
    expect(result).toMatchObject({ host: "h", user, password, app: "app", streamKey: "key" })
    expect(result.tcUrl).toMatch(/^rtmp:\/\/h(:1)?\/app$/)
  })

  it("warns of a query that could be the application's", () => {
    expect(parseRtmpUrl("rtmp://h/app/key?a=1/b")).toMatchObject({
      ok: true,
      warnings: [expect.stringMatching(/give the stream key apart/)],
    })
    expect(parseRtmpUrl("rtmp://h/app/key?a=1")).toMatchObject({ warnings: [] })
    expect(parseRtmpUrl("rtmp://h/app?a=1/key")).toMatchObject({ warnings: [] })
  })

  it.each([
    ["http://h/app/key", undefined, /must have the form rtmp:/],
    ["rtmp:h/app/key", undefined, /must have the form/],
    ["rtmpt://h/app/key", undefined, /must have the form/],
    ["rtmp:///app/key", undefined, /host is missing/],
    ["rtmp://h", undefined, /application is missing/],
    ["rtmp://h/", undefined, /application is missing/],
    ["rtmp://h/app", undefined, /the URL has no stream key/],
    ["rtmp://h/app?x=1", undefined, /has no stream key/],
    ["rtmp://h/app/inst/", undefined, /ends in a slash and has no stream key/],
    ["rtmp://h//key", undefined, /has no stream key/],
    ["rtmp://h/?x=1/key", undefined, /application is missing/],
    ["rtmp://h:0/app/key", undefined, /port must be a number from 1 to 65535, not 0/],
    ["rtmp://h:65536/app/key", undefined, /port must be/],
    ["rtmp://h:/app/key", undefined, /port is missing/],
    ["rtmp://0x7f.1/app/key", undefined, /not an IPv4 address/],
    ["rtmp://[::1/app/key", undefined, /not an IPv6 address/],
    ["rtmp://::1/app/key", undefined, /written in brackets/],
    ["rtmp://:pw@h/app/key", undefined, /user name before the @ is missing/],
    ["rtmp://b%ff:pw@h/app/key", undefined, /not UTF-8/],
    ["rtmp://h/app/key live=1", undefined, /must not hold spaces/],
    ["rtmp://h/app/ke\ny", undefined, /must not hold spaces/],
    ["rtmp://h/app/***", undefined, /masked/],
    ["rtmp://h/app", "***", /masked/],
    ["rtmp://u:***@h/app/key", undefined, /password is masked/],
    ["rtmp://h/app", "", /has no stream key/],
    ["rtmp://h/app", " key", /begin or end with a space/],
    ["rtmp://h/app", "k\u0000y", /control characters/],
    ["rtmp://h", "key", /application is missing/],
    ["rtmp://h/app/key", "key", /already ends with the stream key/],
  ])("%j with key %j is refused", (url, key, error) => {
    expect(parseRtmpUrl(url, key)).toEqual({ ok: false, error: expect.stringMatching(error) })
  })

  const part = fc
    .string({ unit: fc.constantFrom(..."abcXYZ019-_.~%+=&;,!*()$"), minLength: 1, maxLength: 12 })
    .filter((s) => !s.includes("**"))

  it("give application and key back as they were joined", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), part, fc.option(part), (segments, key, query) => {
        const app = segments.join("/")
        const streamKey = query === null ? key : `${key}?${query}`
        expect(parsed(`rtmp://h/${app}/${streamKey}`)).toMatchObject({ app, streamKey, tcUrl: `rtmp://h/${app}` })
        expect(parsed(`rtmp://h/${segments[0]}?${app.replaceAll("/", "")}/${key}`)).toMatchObject({ streamKey: key })
      }),
    )
  })

  it("never throw, and no refusal holds the password or the key", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
        (rest, key) => {
          const result = parseRtmpUrl(`rtmp://${rest}`, key)
          if (!result.ok) expect(result.error.length).toBeGreaterThan(0)
          else expect(result.url.tcUrl.includes("@") && !result.url.app.includes("@")).toBe(false)
        },
      ),
    )
    for (const url of [
      "rtmp://u:hunter2@h:x/app/sEcReT",
      "rtmp://u:hunter2@/app/sEcReT",
      "rtmp://u:hunter2@h/sEcReT",
    ]) {
      expect(JSON.stringify(parseRtmpUrl(url))).toMatch(/"ok":false/)
      expect(JSON.stringify(parseRtmpUrl(url))).not.toMatch(/hunter2|sEcReT/)
    }
  })
})
