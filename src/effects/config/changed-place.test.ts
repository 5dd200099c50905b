import { describe, expect, it } from "vitest"
import { maskSecrets } from "../../core/output/output-url.ts"
import { outputConfig } from "../testing/configs.ts"
import { changedPlace } from "./changed-place.ts"
import { changedDestination } from "./output-input.ts"
import { readOutput } from "./output-place.ts"

const IN_URL = { url: "rtmp://me:pw@h/live/OLD", stream_key: null }
const APART = { url: "rtmp://h/live", stream_key: "OLD" }
const INSTANCE = { url: "rtmp://h/app/inst", stream_key: "OLD" }
const QUERY = { url: "rtmp://h/live2?backup=1/OLD", stream_key: null }
const UPLOAD = { url: "https://h/up?cid=OLD&copy=0&file=", stream_key: null }
const PLACED = { url: "https://h/up?cid={stream_key}&copy=0&file=", stream_key: "OLD" }
const SRT = { url: "srt://h:1?passphrase=0123456789ab&latency=200", stream_key: null }

describe("a new stream key", () => {
  it.each([
    ["alone", IN_URL, {}, { url: "rtmp://me:pw@h/live", stream_key: "NEW" }],
    ["beside the URL as it was shown", IN_URL, { url: "rtmp://me:***@h/live/***" }, "rtmp://me:pw@h/live"],
    ["beside another application", IN_URL, { url: "rtmp://me:***@h/other/***" }, "rtmp://me:pw@h/other"],
    ["beside the URL of another host", IN_URL, { url: "rtmp://other/live/***" }, "rtmp://other/live"],
    ["beside a URL without its mask", IN_URL, { url: "rtmp://me:***@h/live" }, "rtmp://me:pw@h/live"],
    ["for one that was given apart", APART, {}, "rtmp://h/live"],
    ["beside a URL from before it was apart", APART, { url: "rtmp://h/live/***" }, "rtmp://h/live"],
    ["beside an application with an instance", INSTANCE, { url: "rtmp://h/app/***" }, "rtmp://h/app/inst"],
    ["behind an application with a query", QUERY, { url: "rtmp://h/live2?***" }, "rtmp://h/live2?backup=1"],
    ["of an upload", UPLOAD, { url: "https://h/up?cid=***&copy=0&file=" }, PLACED.url],
    [
      "of an upload by another name",
      UPLOAD,
      { url: "https://h/up?cid=***&copy=1&file=" },
      PLACED.url.replace("0", "1"),
    ],
    [
      "of an upload to another host",
      UPLOAD,
      { url: "https://b/up?cid=***&file=" },
      "https://b/up?cid={stream_key}&file=",
    ],
    ["of an upload that has a place for it", PLACED, { url: "https://h/up?cid=***&copy=0&file=" }, PLACED.url],
  ])("%s replaces the old one", (_, old, asked, wanted) => {
    const place = changedPlace(old, { ...asked, stream_key: "NEW" })
    expect(place).toEqual(typeof wanted === "string" ? { url: wanted, stream_key: "NEW" } : wanted)
    expect(changedPlace(place, { ...asked, stream_key: "NEW" })).toEqual(place)
  })

  it("is refused beside the stored one in clear, since a repeated request would be read otherwise", () => {
    const output = outputConfig({ ...IN_URL, protocol: "rtmp" })
    for (const url of [IN_URL.url, "rtmp://h/other/OLD"]) {
      const changed = changedDestination(output, { url, stream_key: "NEW" })
      expect(changed).toMatchObject({ ok: false, errors: [{ path: "stream_key" }] })
      expect(JSON.stringify(changed)).not.toMatch(/OLD|NEW/)
    }
  })

  it("is the one in the URL, where a URL with a key replaces one without", () => {
    const at = (url: string, old = APART) => changedPlace(old, { url })
    expect(at("rtmp://h/live/NEW")).toEqual({ url: "rtmp://h/live/NEW", stream_key: null })
    expect(at("rtmp://other/app/NEW")).toEqual({ url: "rtmp://other/app/NEW", stream_key: null })
    expect(at("https://h/up?cid=NEW&file=", PLACED)).toEqual({ url: "https://h/up?cid=NEW&file=", stream_key: null })
    expect(at("rtmp://h/other")).toEqual({ url: "rtmp://h/other", stream_key: "OLD" })
    expect(at("rtmp://h/app/other", INSTANCE)).toEqual({ url: "rtmp://h/app/other", stream_key: "OLD" })
  })
})

describe("a stored key", () => {
  it.each([
    ["as it was shown", IN_URL, { url: "rtmp://me:***@h/live/***", stream_key: null }, IN_URL],
    ["with both fields masked", IN_URL, { url: "rtmp://me:***@h/live/***", stream_key: "***" }, IN_URL],
    ["with a mask for a key in the URL", IN_URL, { stream_key: "***" }, IN_URL],
    ["without its mask", IN_URL, { url: "rtmp://me:***@h/live" }, { url: "rtmp://me:pw@h/live", stream_key: "OLD" }],
    ["in the URL of before", APART, { url: "rtmp://h/live/***" }, APART],
    ["of an upload", UPLOAD, { url: "https://h/up?cid=***&copy=0&file=", stream_key: "***" }, UPLOAD],
  ])("stays when it comes back %s", (_, old, asked, wanted) => {
    expect(changedPlace(old, asked)).toEqual(wanted)
  })

  it("goes to no other host, and stands for no other secret", () => {
    expect(changedPlace(IN_URL, { url: "rtmp://evil/live" })).toEqual({ url: "rtmp://evil/live", stream_key: null })
    expect(changedPlace(SRT, { stream_key: "***" })).toEqual({ ...SRT, stream_key: "***" })
    expect(changedPlace(IN_URL, { url: "srt://h:1" })).toEqual({ url: "srt://h:1", stream_key: null })
  })

  it("is in nothing that is shown beside a new one, whatever holds it", () => {
    for (const old of [IN_URL, APART, INSTANCE, QUERY, UPLOAD, PLACED]) {
      const asked = { url: maskSecrets(old.url), stream_key: "NEW" }
      const output = outputConfig({ ...old, protocol: old.url.startsWith("http") ? "hls" : "rtmp" })
      const changed = changedDestination(output, asked)
      const parsed = changed.ok ? readOutput(changed.value) : null
      expect(parsed?.ok, JSON.stringify(changed)).toBe(true)
      expect(JSON.stringify([changed, parsed])).not.toContain("OLD")
    }
  })

  it("that was saved behind an application is shown as little as in the URL", () => {
    for (const url of ["rtmp://h/live/OLD", "rtmp://h/live2?backup=1/OLD", "rtmp://h/live/OLD?x=1"]) {
      const parsed = readOutput({ url, stream_key: "NEW" })
      expect(JSON.stringify(parsed.ok ? parsed.options : parsed.errors)).not.toMatch(/OLD|NEW/)
    }
  })
})
