import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { parseFileUrl } from "./file-url.ts"
import { parseHlsUrl } from "./hls-url.ts"

const taken = (url: string, parse = parseHlsUrl) => {
  const parsed = parse(url)
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("; "))
  return parsed
}
const refusal = (url: string, parse = parseHlsUrl): string => {
  const parsed = parse(url)
  if (parsed.ok) throw new Error(`${url} was taken`)
  for (const { path } of parsed.errors) expect(path).toBe("url")
  return parsed.errors.map(({ message }) => message).join("; ")
}
const target = (url: string) => taken(url).target

describe("a directory", () => {
  it.each([
    ["hls://sports", "sports"],
    ["hls://sports/", "sports"],
    ["HLS://sports/main-1/v0.5", "sports/main-1/v0.5"],
    ["hls://sp%6Frts", "sports"],
    ["hls://sports/index.m3u8", "sports"],
  ])("%s", (url, path) => expect(target(url)).toEqual({ protocol: "hls", kind: "directory", path }))

  it.each([
    ["", /name is missing/],
    ["/", /absolute path/],
    ["/etc", /absolute path/],
    ["C:/x", /absolute path/],
    ["%2Fetc", /absolute path/],
    ["..", /must not hold \.\./],
    ["a/../b", /must not hold \.\./],
    ["a/%2e%2e/b", /must not hold \.\./],
    ["a/./b", /must not hold \./],
    ["a//b", /empty name/],
    [".hidden", /hidden name/],
    ["a/.git", /hidden name/],
    ["-rf", /letters, digits/],
    ["a%00b", /letters, digits/],
    ["a b", /letters, digits/],
    ["a:80", /letters, digits/],
    ["u:p@a", /letters, digits/],
    ["größe", /letters, digits/],
    ["a\\b", /letters, digits/],
    ["%ff", /UTF-8/],
    ["x".repeat(65), /65 characters long/],
    ["a/b/c/d/e/f/g/h/i", /9 names/],
  ])("of names like %j is refused, for HLS and for recordings", (place, why) => {
    expect(refusal(`hls://${place}`)).toMatch(why)
    expect(refusal(`file://${place}`, parseFileUrl)).toMatch(why)
  })

  it("never leaves the directory it is below, whatever is written", () => {
    const part = fc.constantFrom("..", ".", "/", "%2e", "%2F", "a", "%00", "\\", "~", "..%2f", "b.c")
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const parsed = parseFileUrl(`file://${parts.join("")}`)
        if (!parsed.ok || parsed.target.protocol !== "file") return
        expect(parsed.target.path.split("/").every((name) => /^[a-z0-9_][a-z0-9_.-]*$/i.test(name))).toBe(true)
      }),
    )
  })

  it("says what has no effect", () => {
    expect(taken("hls://a?x=1&y=2")).toMatchObject({ ignored: ["x", "y"], warnings: [] })
    expect(taken("hls://a#z").warnings).toEqual(["what stands after # is not used"])
    expect(taken("hls://a/index.m3u8").warnings[0]).toMatch(/the playlist in it is index\.m3u8/)
    expect(refusal("hls://a/live.m3u8")).toMatch(/leave the file name out/)
  })
})

describe("recordings", () => {
  it("go to a directory", () =>
    expect(taken("file://sports/archive", parseFileUrl).target).toEqual({ protocol: "file", path: "sports/archive" }))
  it("are named by the product", () => expect(refusal("file://sports/x.ts", parseFileUrl)).toMatch(/names a directory/))
})

describe("an upload", () => {
  it.each([
    ["https://h/index.m3u8", "https://h/", "index.m3u8", ""],
    ["https://h:8443/live/a/main.m3u8", "https://h:8443/live/a/", "main.m3u8", ""],
    ["https://h/live/main.m3u8?token=a/b&x=%2F", "https://h/live/", "main.m3u8", "?token=a/b&x=%2F"],
    ["https://u:p%40@h/live/main.m3u8", "https://u:p%40@h/live/", "main.m3u8", ""],
    [
      "https://a.upload.youtube.com/http_upload_hls?cid=KEY&copy=0&file=",
      "https://a.upload.youtube.com/http_upload_hls?cid=KEY&copy=0&file=",
      "index.m3u8",
      "",
    ],
    [
      "https://b.upload.youtube.com/u?cid=KEY&copy=1&file=x.m3u8",
      "https://b.upload.youtube.com/u?cid=KEY&copy=1&file=",
      "x.m3u8",
      "",
    ],
    ["http://[::1]:80/a.m3u8", "http://[::1]:80/", "a.m3u8", ""],
  ])("%s", (url, base, playlist, query) =>
    expect(target(url)).toEqual({ protocol: "hls", kind: "http", base, playlist, query }),
  )

  it.each([
    ["https:///index.m3u8", /host is missing/],
    ["https://h/", /must end in the name of the playlist/],
    ["https://h", /must end in the name of the playlist/],
    ["https://h/live/stream.ts", /must end in the name of the playlist/],
    ["https://h/live/.m3u8", /must end in the name of the playlist/],
    ["https://h/a b.m3u8", /must end in the name of the playlist/],
    ["https://h/up?file=x.ts", /nothing, or the name of the playlist/],
    ["https://h:0/index.m3u8", /port/],
    ["https://0x7f.1/index.m3u8", /not an IPv4 address/],
    ["https://h/index.m3u8#x", /must not hold #/],
    ["https://u@h/index.m3u8", /USER:PASSWORD/],
    ["https://h/index.m3u8?token=***", /in place of a secret/],
    ["http://a.upload.youtube.com/http_upload_hls?cid=K&copy=0&file=", /https:\/\/ only/],
  ])("%s is refused", (url, why) => expect(refusal(url)).toMatch(why))

  it("warns of what deserves a look", () => {
    expect(taken("http://h/index.m3u8")).toMatchObject({
      options: { port: 80 },
      warnings: [expect.stringMatching(/unencrypted/)],
    })
    expect(taken("https://a.upload.youtube.com/http_upload_hls?copy=0&file=").warnings[0]).toMatch(/no cid=/)
    expect(taken("https://h/index.m3u8")).toMatchObject({
      options: { host: "h", port: 443, playlist: "index.m3u8" },
      warnings: [],
    })
  })
})

describe("S3", () => {
  it.each([
    ["s3://my-bucket/live/sports", "my-bucket", "live/sports"],
    ["s3://my.bucket/live/", "my.bucket", "live"],
    ["s3://abc/a%20b", "abc", "a b"],
    ["s3://abc", "abc", ""],
  ])("%s", (url, bucket, prefix) => expect(target(url)).toEqual({ protocol: "hls", kind: "s3", bucket, prefix }))

  it.each([
    ["s3:///x", /bucket is missing/],
    ["s3://My_Bucket/x", /not the name of a bucket/],
    ["s3://ab/x", /not the name of a bucket/],
    ["s3://minio:9000/x", /s3_endpoint/],
    ["s3://K:S@bucket/x", /s3_access_key_id/],
    ["s3://bucket/a/../b", /must not hold/],
    ["s3://bucket/a//b", /must not hold/],
    ["s3://bucket/%ff", /UTF-8/],
  ])("%s is refused", (url, why) => expect(refusal(url)).toMatch(why))

  it("tells where region and endpoint belong", () =>
    expect(taken("s3://bucket/a?region=eu-west-1")).toMatchObject({
      ignored: ["region"],
      warnings: [expect.stringMatching(/s3_region/)],
    }))
})
