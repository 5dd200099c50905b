/** Bad URLs that operators and attackers are known to type: each is read as it is meant, or refused with a sentence. */
import { describe, expect, it } from "vitest"
import { maskSecrets, parseOutputUrl } from "../output-url.ts"

const bytes = (n: number) => "x".repeat(n)

describe("bad URLs: refused, with what is wrong", () => {
  it.each<[string, RegExp]>([
    ["srt://h:0", /port must be a number from 1 to 65535, not 0/],
    ["srt://h:65536", /not 65536/],
    ["srt://h", /port is missing: write srt:\/\/HOST:PORT/],
    ["udp://239.0.0.1", /port is missing/],
    [`srt://h:9000?passphrase=${bytes(9)}`, /10 to 80 bytes long.*it has 9/],
    [`srt://h:9000?passphrase=${bytes(81)}`, /it has 81/],
    [`srt://h:9000?passphrase=${"ä".repeat(41)}`, /it has 82/],
    ["srt://h:9000?latency=-1", /latency must be a whole number/],
    ["srt://h:9000?latency=1e3", /latency must be a whole number/],
    ["srt://h:9000?mode=foo", /caller, listener or rendezvous/],
    ["rtmp://h/app", /no stream key/],
    ["rtmp://h/app with/key", /%20/],
    ["udp://239.0.0.1:5000?ttl=256", /ttl must be a whole number from 0 to 255/],
    ["udp://239.0.0.1:5000?interface=", /interface name or a local address/],
    ["udp://0x7f.1:5000", /not an IPv4 address/],
    ["file:///etc/passwd", /absolute path/],
    ["file://../x", /must not hold \.\./],
    ["file://a/../../x", /must not hold \.\./],
    ["file://%2e%2e/x", /must not hold/],
    ["hls://../x", /must not hold \.\./],
    ["http://h/x", /name of the playlist/],
    ["srt://h:9000|udp://h:1", /\|/],
    ["concat:a|b", /\|/],
    ["srt://h:9000;x", /port must be a number/],
    ["srt://[2001:db8::1%25eth0]:9000", /only link-local addresses/],
    ["srt://[fe80::1%25]:9000", /not an IPv6 address/],
    ["srt://[fe80::1%25eth0%25]:9000", /not an IPv6 address/],
    ["srt://h:9000?adapter=fd00::1%25eth0", /adapter is wrong: only link-local addresses/],
    ["rtmp://[fd00::1%25eth0]/app/key", /only link-local addresses/],
    ["https://[fe80::1%25eth0]/live/index.m3u8", /not possible in http:\/\/ and https:\/\/ URLs/],
    ["srt://h:9000\nudp://h:1", /line breaks/],
    ["srt://h:9000\r\nX: y", /line breaks/],
  ])("%j", (url, message) => {
    const parsed = parseOutputUrl(url)
    expect(parsed.ok).toBe(false)
    if (parsed.ok) return
    expect(parsed.errors.map((e) => e.message).join("; ")).toMatch(message)
    for (const { message: text } of parsed.errors) expect(text).not.toMatch(/x{9}|ä{9}/)
  })
})

describe("unusual URLs: read as they are meant", () => {
  it.each<[string, object]>([
    ["srt://[::1]:9000", { target: { host: "::1", port: 9000 } }],
    ["srt://[fe80::1%25eth0]:9000", { target: { host: "fe80::1%eth0" } }],
    ["srt://[fe80::1%eth0]:9000", { target: { host: "fe80::1%eth0" } }],
    [
      "srt://user%40:p%3A%2F%23@h:9000",
      { target: { host: "h", port: 9000 }, warnings: [expect.stringMatching(/user name/)] },
    ],
    [`srt://h:9000?passphrase=${bytes(10)}`, { options: { encryption: "AES-128" }, warnings: [] }],
    [`srt://h:9000?passphrase=${bytes(80)}`, { warnings: [expect.stringMatching(/at most 79 bytes/)] }],
    ["srt://h:9000?passphrase=pässwörtchen", { options: { encryption: "AES-128" } }],
    [
      "srt://h:9000?streamid=#!::r=a,m=publish",
      { options: { stream_id: "#!::r=a,m=publish", stream_mode: "publish" } },
    ],
    ["srt://h:9000?streamid=%23!%3A%3Ar%3Da%2Cm%3Dpublish", { options: { stream_id: "#!::r=a,m=publish" } }],
    [
      "srt://h:9000?latency=100&latency=200",
      { options: { latency_ms: 200 }, warnings: [expect.stringMatching(/more than once/)] },
    ],
    ["srt://h:9000?nonsense=1", { ignored: ["nonsense"] }],
    ["rtmp://h/app/key?a=b&c", { target: { url: { streamKey: "key?a=b&c" } } }],
    ["rtsp://[fe80::1%25eth0]:8554/live", { target: { host: "fe80::1%eth0" } }],
    ["udp://239.0.0.1:5000?ttl=0", { options: { ttl: 0 } }],
    ["udp://239.0.0.1:5000?source=10.0.0.9", { warnings: [expect.stringMatching(/for receiving/)] }],
  ])("%s", (url, read) => {
    expect(parseOutputUrl(url)).toMatchObject({ ok: true, ...read })
    expect(maskSecrets(url)).not.toMatch(/pässwörtchen|x{10}|p%3A/)
  })
})
