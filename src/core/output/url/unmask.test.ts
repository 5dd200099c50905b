import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { maskSecrets } from "./mask.ts"
import { fillMask, masksIn, unmaskSecrets } from "./unmask.ts"

const SRT = "srt://h:9000?passphrase=0123456789ab&latency=200&streamid=publish:live/a:u:geheim"

describe("unmaskSecrets", () => {
  it.each([
    [
      "another option",
      SRT,
      "srt://h:9000?latency=300&passphrase=***",
      "srt://h:9000?latency=300&passphrase=0123456789ab",
    ],
    [
      "another order",
      SRT,
      "srt://h:9000?streamid=publish:live/a:u:***&passphrase=***",
      "srt://h:9000?streamid=publish:live/a:u:geheim&passphrase=0123456789ab",
    ],
    [
      "a new passphrase",
      SRT,
      "srt://h:9000?passphrase=abcdefghijkl&latency=200",
      "srt://h:9000?passphrase=abcdefghijkl&latency=200",
    ],
    ["another application", "rtmp://u:pw@h/live/key", "rtmp://u:***@h/other/***", "rtmp://u:pw@h/other/key"],
    ["a new key", "rtmp://u:pw@h/live/key", "rtmp://u:***@h/live/new", "rtmp://u:pw@h/live/new"],
    ["a secret with signs of a pattern", "rtsp://u:a.*$&b@h/x", "rtsp://u:***@h/y", "rtsp://u:a.*$&b@h/y"],
  ])("gives %s the secrets that were there", (_, url, typed, wanted) => {
    expect(unmaskSecrets(typed, url)).toBe(wanted)
  })

  it.each([
    ["another host", "srt://evil:9000?passphrase=***"],
    ["another port", "srt://h:9001?passphrase=***"],
    ["another protocol", "rtmp://h:9000/live/***"],
    ["another name", "srt://h:9000?token=***"],
    ["a secret twice", "srt://h:9000?passphrase=***&passphrase=***"],
  ])("gives none to %s", (_, typed) => {
    expect(unmaskSecrets(typed, SRT)).toBe(typed)
  })

  it("puts none where it would be shown", () => {
    const typed = "srt://h:1?streamid=publish/news/***/more"
    expect(unmaskSecrets(typed, "srt://h:1?streamid=publish/news/geheim")).toBe(typed)
  })

  it("gives what was shown back as it was", () => {
    const word = fc.stringMatching(/^[a-z0-9.*$^()]{4,20}$/)
    const url = fc
      .tuple(word, word, word)
      .map(([a, b, c]) => `srt://h:1?passphrase=${a}&latency=20&token=${b}&streamid=${c}`)
    fc.assert(
      fc.property(url, (one) => unmaskSecrets(maskSecrets(one), one) === one),
      { numRuns: 200 },
    )
  })
})

describe("the masks of a URL", () => {
  it.each([
    ["srt://h:1?passphrase=***&latency=200", ["passphrase="]],
    ["rtmp://me:***@h/live/***", ["me:", ""]],
    ["srt://h:1?streamid=publish:live/a:u:***&passphrase=***", ["a:u:", "passphrase="]],
    ["srt://h:1", []],
  ])("of %s have their names", (masked, names) => {
    expect(masksIn(masked).map(({ name }) => name)).toEqual(names)
  })

  it("are filled by their names, wherever they stand now", () => {
    const typed = "srt://h:1?latency=300&streamid=#!::u=me,s=***&passphrase=***"
    expect(fillMask(typed, "passphrase=", "a b&c")).toBe(
      "srt://h:1?latency=300&streamid=#!::u=me,s=***&passphrase=a%20b%26c",
    )
    expect(fillMask(typed, "token=", "x")).toBeNull()
    expect(fillMask("srt://h:1?token=***&token=***", "token=", "x")).toBeNull()
  })
})
