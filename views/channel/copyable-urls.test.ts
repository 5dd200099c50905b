import { describe, expect, it } from "vitest"
import { parseOutputUrl } from "../../src/core/output/output-url.ts"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { fakeOutput } from "../../src/http/testing/fake-views.ts"
import { copyableUrls } from "./copyable-urls.ts"

const origin = "http://media.example:8080"
const urlsOf = (...outputs: ReadonlyArray<Partial<OutputView>>) => {
  const channel = {
    slug: "news",
    outputs: outputs.map((one, i) => fakeOutput({ id: `o${i}`, ...one })),
  } as unknown as ChannelView
  return copyableUrls({ channel, origin })
}
const srt = (url: string) => {
  const read = parseOutputUrl(url)
  if (!read.ok) throw new Error(JSON.stringify(read.errors))
  return urlsOf({ url, options: read.options })[0]
}

describe("the URLs for receivers", () => {
  it.each([
    ["srt://:9000?mode=listener&latency=200", "srt://media.example:9000?mode=caller&latency=200"],
    ["srt://@:9000", "srt://media.example:9000?mode=caller&latency=120"],
    ["srt://0.0.0.0:9000?mode=listener", "srt://media.example:9000?mode=caller&latency=120"],
    ["srt://[::]:9000?mode=listener", "srt://media.example:9000?mode=caller&latency=120"],
    ["srt://192.0.2.7:9000?mode=listener", "srt://192.0.2.7:9000?mode=caller&latency=120"],
    ["srt://[2001:db8::1]:9000?mode=listener", "srt://[2001:db8::1]:9000?mode=caller&latency=120"],
    [
      "srt://:9000?mode=listener&streamid=#!::r=a/b,m=request",
      "srt://media.example:9000?mode=caller&streamid=%23!::r=a/b,m=request&latency=120",
    ],
  ])("%s is dialled by %s", (url, dialled) => {
    const found = srt(url)
    expect(found?.url).toBe(dialled)
    // The address that is dialled is the one that the output listens on.
    expect(parseOutputUrl(dialled)).toMatchObject({ ok: true, options: { mode: "caller" } })
  })

  it("say that a passphrase is needed, and never what it is", () => {
    const found = srt("srt://:9000?mode=listener&passphrase=0123456789ab")
    expect(found?.use).toMatch(/passphrase/)
    expect(found?.url).not.toMatch(/passphrase|0123/)
  })

  it("are none for callers and senders, and the playlist for HLS here", () => {
    expect(srt("srt://192.0.2.7:9000")).toBeUndefined()
    expect(
      urlsOf({ protocol: "udp", url: "udp://239.1.1.1:5000" }, { protocol: "hls", url: "s3://bucket/live" }),
    ).toEqual([])
    expect(urlsOf({ slug: "web", protocol: "hls", url: "hls://news" })).toMatchObject([
      { url: "http://media.example:8080/hls/news/web/index.m3u8" },
    ])
  })
})
