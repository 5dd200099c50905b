import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toYaml } from "../../../effects/declarative/yaml.ts"
import { maskedText } from "./masked-text.ts"

const SECRET = "Planted4711Secret"

describe("a configuration that was typed", () => {
  it.each<[string, string | null]>([
    ["version: 1", "version: 1"],
    ["stream_key: abc # mine", 'stream_key: "***"'],
    ['{"stream_key": "a\\"b", "name": "c"}', '{"stream_key": "***", "name": "c"}'],
    ["{stream_key: abc, name: c}", null],
    ["{stream_key: 'abc', name: c}", '{stream_key: "***", name: c}'],
    ["stream_key: a}b", null],
    ["stream_key: 'it''s'", null],
    ["stream_key: null", "stream_key: null"],
    ["stream_key: |\n  abc", null],
    ["stream_key:\n  abc", null],
    ["stream_key: &key abc", null],
    ["stream_key: 'a\n  b'", null],
    ["? stream_key\n: abc", null],
    ["url: srt://h:9000?latency=200&passphrase=abcdefghij", "url: srt://h:9000?latency=200&passphrase=***"],
    ["url: srt://h:9000?passphrase=with a blank", "url: srt://h:9000?passphrase=***"],
    ["url: rtsp://me:typed so far", "url: rtsp://***"],
    ["{url: 'udp://192.0.2.1:9000', name: c}", "{url: 'udp://192.0.2.1:9000', name: c}"],
    ["{url: udp://192.0.2.1:9000, name: c}", "{url: udp://192.0.2.1:9000, name: c}"],
    ["url: srt://:9000", "url: srt://:9000"],
    ["url: [unfinished", "url: [unfinished"],
  ])("%j is shown as %j", (text, shown) => {
    expect(maskedText(text)).toBe(shown)
  })

  it("shows no secret, as YAML or JSON, and with what comes around it", () => {
    const secret = fc
      .tuple(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }))
      .map(([a, b]) => `${a}${SECRET}${b}`)
    const output = fc.oneof(
      secret.map((stream_key) => ({ url: "rtmp://h/live", stream_key })),
      secret.map((key) => ({
        url: "s3://bucket/live",
        settings: { s3_access_key_id: "AKIA", s3_secret_access_key: key },
      })),
      fc.constant({ url: `srt://h:9000?passphrase=${SECRET}` }),
      fc.constant({ url: `rtsp://me:${SECRET}@h/live` }),
    )
    const document = fc
      .array(output, { minLength: 1, maxLength: 4 })
      .map((outputs) => ({ version: 1, channels: [{ slug: "a", outputs }] }))
    const write = fc.constantFrom(toYaml, JSON.stringify, (value: unknown) => JSON.stringify(value, null, 2))
    fc.assert(
      fc.property(document, write, fc.nat(400), (value, as, end) => {
        for (const text of [as(value), as(value).slice(0, end)]) expect(maskedText(text) ?? "").not.toContain(SECRET)
      }),
      { numRuns: 500 },
    )
  })
})
