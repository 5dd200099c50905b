import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import * as fc from "effect/FastCheck"
import { assert, describe, it } from "vitest"
import {
  channelAt,
  counterAt,
  DATAGRAM_BYTES,
  DATAGRAM_WORDS,
  isIntact,
  pcrStep,
  sentNsAt,
  writeDatagram,
} from "./pattern.ts"
import { PMT_PID, VIDEO_PID } from "./pattern-template.ts"

const datagram = (channel: number, counter: number, sentNs = 0, step = pcrStep(8e6)) => {
  const words = new Uint32Array(DATAGRAM_WORDS)
  writeDatagram(words, 0, channel, counter, sentNs, step)
  return words
}
const stream = (count: number, first = 0) => {
  const bytes = new Uint8Array(count * DATAGRAM_BYTES)
  for (let i = 0; i < count; i++) bytes.set(new Uint8Array(datagram(3, first + i).buffer), i * DATAGRAM_BYTES)
  return bytes
}

describe("the test pattern", () => {
  it("carries channel, counter and send time in any datagram", () => {
    fc.assert(
      fc.property(fc.nat(65535), fc.nat({ max: 2 ** 45 }), fc.nat({ max: 2 ** 52 }), (channel, counter, sentNs) => {
        const words = datagram(channel, counter, sentNs)
        assert.deepStrictEqual(
          [channelAt(words, 0), counterAt(words, 0), sentNsAt(words, 0)],
          [channel, counter, sentNs],
        )
        assert.isTrue(isIntact(words, 0))
      }),
    )
  })

  it("notices any changed byte except the send time's eight", () => {
    const words = datagram(7, 16)
    const bytes = new Uint8Array(words.buffer)
    const unnoticed: Array<number> = []
    for (let i = 0; i < DATAGRAM_BYTES; i++) {
      bytes[i] = (bytes[i] ?? 0) ^ 0x10
      if (isIntact(words, 0)) unnoticed.push(i)
      bytes[i] = (bytes[i] ?? 0) ^ 0x10
    }
    assert.deepStrictEqual(unnoticed, [20, 21, 22, 23, 24, 25, 26, 27])
  })

  it("differs between channels and between counters one period apart", () => {
    assert.notDeepEqual(datagram(1, 5).subarray(9), datagram(2, 5).subarray(9))
    assert.notDeepEqual(datagram(1, 5).subarray(9), datagram(1, 5 + 512).subarray(9))
  })

  it("is a transport stream with valid continuity counters across periods, and PCR at most 100 ms apart at 8 Mbit/s", () => {
    const bytes = stream(1400, 2 ** 32 - 700)
    const last = new Map<number, number>()
    const pcrs: Array<number> = []
    for (let at = 0; at < bytes.length; at += 188) {
      assert.strictEqual(bytes[at], 0x47)
      const pid = (((bytes[at + 1] ?? 0) & 31) << 8) | (bytes[at + 2] ?? 0)
      const flags = bytes[at + 3] ?? 0
      const before = last.get(pid)
      if (before !== undefined) assert.strictEqual(flags & 15, (before + 1) & 15, `pid ${pid} at ${at}`)
      last.set(pid, flags & 15)
      if (pid === VIDEO_PID && (flags & 0x20) !== 0 && ((bytes[at + 5] ?? 0) & 0x10) !== 0) {
        const view = new DataView(bytes.buffer, at + 6)
        pcrs.push((view.getUint32(0) * 2 + (view.getUint8(4) >> 7)) * 300 + (view.getUint16(4) & 511))
      }
    }
    assert.isTrue(last.has(0) && last.has(PMT_PID))
    const gaps = pcrs.slice(1).map((pcr, i) => pcr - (pcrs[i] ?? 0))
    assert.isBelow(Math.max(...gaps), 2_700_000)
    assert.isAbove(Math.min(...gaps), 0)
  })

  it.skipIf(!existsSync("/usr/bin/ffmpeg"))("decodes in ffmpeg as H.264 and AAC without an error", () => {
    const run = spawnSync(
      "ffmpeg",
      ["-v", "warning", "-f", "mpegts", "-i", "pipe:0", "-map", "0:v", "-map", "0:a", "-f", "null", "-"],
      {
        input: stream(1024),
        encoding: "utf8",
        timeout: 20_000,
      },
    )
    assert.strictEqual(run.stderr, "")
    assert.strictEqual(run.status, 0)
  })
})
