/**
 * Passphrases on both sides, on one, on none, passphrases that differ, and key lengths; another output loses nothing
 * meanwhile (row 27 of the fault matrix).
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { createSrtSink } from "../../../load-tests/lib/srt-sink.ts"
import { SRT_STACKS } from "../../../src/core/srt/stack.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { freeUdpPort } from "../ports.ts"
import { SrtReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

const library = openSrtLibrary({})
const SECRET = "passphrase=0123456789abcdef"
const OTHER = "passphrase=fedcba9876543210"
const KM_SECURED = 2

describe.skipIf(library.srt === null).each(SRT_STACKS)("SRT encryption on the stack %s", (stack) => {
  let bench: EngineBench
  let sibling: SrtReceiver
  let sending: Promise<number>
  const stop = new AbortController()
  // The stream holds whole turns of the continuity counter, so that its loop has no seam.
  const ts = numberedTs(16 * 7 * 100)
  const peers: SrtReceiver[] = []

  const peer = async (url: string): Promise<SrtReceiver> => {
    const started = await SrtReceiver.open(url)
    peers.push(started)
    return started
  }

  beforeAll(async () => {
    bench = await EngineBench.start(library, { srtStack: stack })
    const port = await bench.channel()
    const srtPort = await freeUdpPort()
    sibling = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener&${SECRET}`)
    await bench.connect(`srt://127.0.0.1:${srtPort}?${SECRET}&latency=2000`, "sibling")
    sending = sendTs(ts, { port, bitrate: 4e6, loop: true, signal: stop.signal })
  })
  afterEach(async () => {
    for (const { id } of bench.channelStats().outputs) if (id !== "sibling") bench.closeOutput(id)
    await Promise.all(peers.splice(0).map((p) => p.stop("SIGKILL")))
    bench.forget()
  })
  afterAll(async () => {
    stop.abort()
    await sending
    await sibling.stop("SIGKILL")
    bench.close()
  })

  /** Whether the bytes are a piece of the looped stream, from a datagram's start on, without a gap. */
  const isUnbroken = (bytes: Buffer): boolean => {
    const start = bytes.readUInt32BE(4) * 188
    const whole = Buffer.concat(Array.from({ length: Math.ceil((start + bytes.length) / ts.length) }, () => ts))
    return whole.subarray(start, start + bytes.length).equals(bytes)
  }

  it.each([
    ["AES-192 on both sides", `${SECRET}&pbkeylen=24`, `${SECRET}&pbkeylen=24`],
    ["AES-128 here, AES-256 there", `${SECRET}&pbkeylen=16`, `${SECRET}&pbkeylen=32`],
    ["AES-256 here, AES-128 there", `${SECRET}&pbkeylen=32`, `${SECRET}&pbkeylen=16`],
    ["the length left to the other side", SECRET, `${SECRET}&pbkeylen=24`],
    ["the shortest passphrase", "passphrase=0123456789", "passphrase=0123456789"],
    ["the longest one that all receivers take", `passphrase=${"x".repeat(79)}`, `passphrase=${"x".repeat(79)}`],
    ["a length without a passphrase", "pbkeylen=32", ""],
    [
      "encryption not enforced, though the same on both sides",
      `${SECRET}&enforcedencryption=0`,
      `${SECRET}&enforcedencryption=0`,
    ],
  ])("row 27: %s: the bytes arrive", async (_, ours, theirs) => {
    const srtPort = await freeUdpPort()
    const receiver = await peer(`srt://127.0.0.1:${srtPort}?mode=listener&${theirs}`)
    await bench.connect(`srt://127.0.0.1:${srtPort}?latency=200&${ours}`)
    await receiver.atLeast(200_000)
    expect(isUnbroken(receiver.bytes())).toBe(true)
    expect(bench.output().srt?.km_state).toBe(ours.includes("passphrase") ? KM_SECURED : 0)
  })

  it.each([
    [
      "a passphrase here and none there",
      SECRET,
      "",
      "srt_reject_11",
      /Password required or unexpected.*both sides, or on neither/,
    ],
    [
      "another passphrase and another key length",
      `${SECRET}&pbkeylen=32`,
      `${OTHER}&pbkeylen=16`,
      "srt_reject_10",
      /Incorrect passphrase/,
    ],
    [
      "another passphrase, not enforced on either side",
      `${SECRET}&enforcedencryption=0`,
      `${OTHER}&enforcedencryption=0`,
      "srt_not_encrypted",
      /without encryption although a passphrase is set/,
    ],
    [
      "none there, not enforced on either side",
      `${SECRET}&enforcedencryption=0`,
      "enforcedencryption=0",
      "srt_not_encrypted",
      /another passphrase or none/,
    ],
  ])("row 27: %s: refused with code and text, and not a byte is sent", async (_, ours, theirs, code, text) => {
    const srtPort = await freeUdpPort()
    const receiver = await peer(`srt://127.0.0.1:${srtPort}?mode=listener&${theirs}`)
    bench.open(`srt://127.0.0.1:${srtPort}?${ours}`)
    const reason = await bench.ended("o1")
    expect(reason).toMatchObject({ code, message: expect.stringMatching(text), transient: true })
    expect(reason.message).not.toMatch(/0123456789abcdef/)
    expect(receiver.size).toBe(0)
  })

  it("row 27: a listener output with a passphrase serves those who have it, whatever their key length, and no others", async () => {
    const srtPort = await freeUdpPort()
    bench.open(`srt://127.0.0.1:${srtPort}?mode=listener&${SECRET}&pbkeylen=16`)
    await bench.outputIs("o1", "listening")
    const good = await Promise.all(
      ["", "&pbkeylen=16", "&pbkeylen=32"].map((more) => peer(`srt://127.0.0.1:${srtPort}?${SECRET}${more}`)),
    )
    const bad = [{}, { passphrase: "fedcba9876543210" }].map((own) =>
      createSrtSink({ mode: "caller", port: srtPort, verify: "none", ...own }),
    )
    for (const caller of bad) await caller.until((sink) => sink.stats().last_error !== null)
    expect(bad.map((caller) => caller.stats().last_error)).toEqual([
      expect.stringContaining("(11)"),
      expect.stringContaining("(10)"),
    ])
    for (const caller of bad) caller.close()
    for (const receiver of good) await receiver.atLeast(200_000)
    for (const receiver of good) expect(isUnbroken(receiver.bytes())).toBe(true)
    expect(bench.output().receivers.map((r) => r.srt?.km_state)).toEqual([KM_SECURED, KM_SECURED, KM_SECURED])
  })

  it("row 27: a listener output without one turns away callers who insist on encryption", async () => {
    const srtPort = await freeUdpPort()
    bench.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
    await bench.outputIs("o1", "listening")
    const insists = await peer(`srt://127.0.0.1:${srtPort}?${SECRET}`)
    const plain = await peer(`srt://127.0.0.1:${srtPort}`)
    await plain.atLeast(100_000)
    expect(isUnbroken(plain.bytes())).toBe(true)
    expect(insists.size).toBe(0)
    expect(bench.output().receivers).toHaveLength(1)
  })

  it("row 27: meanwhile the encrypted sibling has lost nothing", async () => {
    const before = sibling.size
    await sibling.atLeast(before + 100_000)
    expect(sibling.bytes().readUInt32BE(4)).toBe(0)
    expect(isUnbroken(sibling.bytes())).toBe(true)
    expect(bench.output("sibling")).toMatchObject({
      state: "connected",
      packets_dropped: 0,
      srt: { packets_dropped: 0, km_state: KM_SECURED },
    })
  })
})
