import { describe, expect, it } from "vitest"
import { messages, settings, srt, understood } from "./testing/read.ts"

describe("srt:// encryption", () => {
  it("refuses a passphrase libsrt cannot use, naming the limit and not the passphrase", () => {
    const message = messages("srt://destination:9000?mode=caller&passphrase=secret")
    expect(message).toMatch(/10 to 80 bytes/)
    expect(message).not.toContain("secret")
    expect(messages("srt://h:9000?passphrase=123456789")).toMatch(/has 9/)
    expect(messages(`srt://h:9000?passphrase=${"x".repeat(81)}`)).toMatch(/has 81/)
    expect(messages("srt://h:9000?passphrase=")).toMatch(/empty/)
    expect(messages("srt://h:9000?passphrase=***")).toMatch(/write the secret itself/)
  })

  it("takes 10 to 80 bytes of UTF-8", () => {
    expect(srt("srt://h:9000?passphrase=0123456789").passphrase).toBe("0123456789")
    expect(srt(`srt://h:9000?passphrase=${"x".repeat(80)}`).passphrase?.length).toBe(80)
    expect(srt("srt://h:9000?passphrase=%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4").passphrase).toBe("äääää")
    expect(settings("srt://h:9000?passphrase=a%26b%23c%20d%7C12345")["PASSPHRASE"]).toBe("a&b#c d|12345")
  })

  it.each([
    ["", "AES-128", undefined, false],
    ["&pbkeylen=0", "AES-128", 0, false],
    ["&pbkeylen=16", "AES-128", 16, false],
    ["&pbkeylen=24", "AES-192", 24, false],
    ["&pbkeylen=32", "AES-256", 32, false],
    ["&pbkeylen=256", "AES-256", 32, true],
    ["&pbkeylen=128", "AES-128", 16, true],
  ])("passphrase%s is %s", (query, encryption, bytes, warned) => {
    const url = `srt://h:9000?passphrase=0123456789${query}`
    expect(understood(url).options["encryption"]).toBe(encryption)
    expect(settings(url)["PBKEYLEN"]).toBe(bytes)
    expect(understood(url).warnings.length > 0).toBe(warned)
    expect(JSON.stringify(understood(url).options)).not.toContain("0123456789")
  })

  it("tells when nothing is encrypted", () => {
    expect(understood("srt://h:9000?pbkeylen=32")).toMatchObject({
      options: { encryption: "none" },
      warnings: [expect.stringMatching(/not encrypted/)],
    })
    expect(messages("srt://h:9000?pbkeylen=17")).toMatch(/pbkeylen must be/)
    expect(messages("srt://h:9000?cryptomode=2")).toMatch(/AES-GCM/)
  })
})

describe("srt:// options", () => {
  it.each([
    ["maxbw=-1", { MAXBW: -1n }],
    ["inputbw=1000000&oheadbw=50&mininputbw=5", { INPUTBW: 1000000n, OHEADBW: 50, MININPUTBW: 5n }],
    ["tlpktdrop=no&nakreport=off", { TLPKTDROP: false, NAKREPORT: false }],
    ["enforced_encryption=1", { ENFORCEDENCRYPTION: true }],
    ["enforcedencryption=YES", { ENFORCEDENCRYPTION: true }],
    ["drifttracer=true", { DRIFTTRACER: true }],
    ["connect_timeout=5000", { CONNTIMEO: 5000 }],
    ["conntimeo=5000", { CONNTIMEO: 5000 }],
    ["ffs=30000", { FC: 30000 }],
    ["fc=30000", { FC: 30000 }],
    ["send_buffer_size=65536", { UDP_SNDBUF: 65536 }],
    ["minversion=1.3.0", { MINVERSION: 0x010300 }],
    ["minversion=0x010401", { MINVERSION: 0x010401 }],
    ["iptos=0xb8&ttl=12", { IPTOS: 0xb8, IPTTL: 12 }],
    ["ipttl=-1", {}],
    ["snddropdelay=-1", { SNDDROPDELAY: -1 }],
    ["packetfilter=fec,cols:10,rows:5", { PACKETFILTER: "fec,cols:10,rows:5" }],
    ["packetfilter=", {}],
    ["linger=3", { LINGER: 3 }],
    ["transtype=live&congestion=live&messageapi=1", {}],
    ["pkt_size=1128", { PAYLOADSIZE: 1128 }],
    ["payloadsize=1456", { PAYLOADSIZE: 1316 }],
    ["payload_size=-1", { PAYLOADSIZE: 1316 }],
    ["mss=1400", { MSS: 1400 }],
    ["mss=1300", { MSS: 1300, PAYLOADSIZE: 1128 }],
  ])("%s", (query, expected) => expect(settings(`srt://h:9000?${query}`)).toEqual(expected))

  it.each([
    ["tlpktdrop=maybe", /tlpktdrop must be yes or no/],
    ["oheadbw=4", /from 5 to 100/],
    ["maxbw=-2", /maxbw must be/],
    ["transtype=file", /live/],
    ["congestion=file", /live/],
    ["messageapi=0", /messageapi must be yes/],
    ["pkt_size=1472", /188 to 1456/],
    ["pkt_size=100", /188 to 1456/],
    ["minversion=1.3", /version/],
    ["packetfilter=x", /fec,cols/],
    ["kmrefreshrate=10&kmpreannounce=5", /half/],
    ["dialect=foo", /dialect must be/],
    ["linger=1e3", /whole number/],
  ])("%s is refused", (query, message) => expect(messages(`srt://h:9000?${query}`)).toMatch(message))

  it("sends whole TS packets", () => {
    expect(srt("srt://h:9000").packetSize).toBe(1316)
    expect(srt("srt://h:9000?pkt_size=1000").packetSize).toBe(940)
    expect(srt("srt://h:9000?pkt_size=1456").packetSize).toBe(1316)
    expect(srt("srt://h:9000?mss=1300").packetSize).toBe(1128)
  })

  it("reports unknown keys as ignored and keys without effect as such", () => {
    const parsed = understood("srt://h:9000?foo=1&bar&timeout=5000000&groupconnect=1&foo=2&constructor=1")
    expect(parsed.ignored).toEqual(["foo", "bar", "constructor"])
    expect(parsed.warnings).toEqual([
      expect.stringMatching(/^timeout has no effect/),
      expect.stringMatching(/^groupconnect has no effect/),
    ])
  })

  it("takes the last of a key given twice, in whatever spelling, and tells", () => {
    expect(understood("srt://h:9000?latency=100&latency=200")).toMatchObject({
      target: { latencyMs: 200 },
      warnings: [expect.stringMatching(/latency.*last one/)],
    })
    expect(understood("srt://h:9000?pkt_size=188&payload_size=376")).toMatchObject({
      target: { packetSize: 376 },
      warnings: [expect.stringMatching(/pkt_size and payload_size mean the same/)],
    })
    expect(understood("srt://h:9000?mode=caller&amp;latency=250")).toMatchObject({
      target: { latencyMs: 250 },
      warnings: [expect.stringMatching(/&amp;/)],
    })
  })
})
