/**
 * SMPTE 2022-1 with ffmpeg as the sender and losses on the way, through the whole product (rows 7 to 9 of the fault
 * matrix).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { randomOf } from "../impairments.ts"
import { DatagramSender } from "./datagrams.ts"
import { garbage } from "./fec-garbage.ts"
import { type Played, type Stage, stageChannel } from "./fec-stage.ts"
import type { RelayRules } from "./ffmpeg-fec.ts"
import { Product } from "./product.ts"

const SECONDS = 4.5
/**
 * First datagram that may be lost: losses begin when the matrix is known, and end before the last matrix, which is
 * never complete. ffmpeg sends about 1400 datagrams.
 */
const FROM = 192
const TO = 1100
const L8D8 = { columns: 8, rows: 8 }

let directory: string
let file: string
let product: Product
/** Runs a channel of the product that is sent the file through `rules`. */
const staged = (name: string, rules: RelayRules, fec: "auto" | "off", run: (stage: Stage) => Promise<void>) =>
  stageChannel({ file, product }, name, rules, fec, run)

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fec-"))
  file = join(directory, "programme.ts")
  writeFileSync(file, generateTs(SECONDS, { bitrate: 4_000_000, videoBitrate: 3_000_000 }))
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  rmSync(directory, { recursive: true, force: true })
})

/**
 * Plays the file once through the rules. Returns the FEC as shown on the way, the leg afterwards, and what came out.
 */
const once = (
  name: string,
  rules: RelayRules,
  matrix: { columns: number; rows: number },
  check: (played: Played) => void,
  sequence?: number,
) =>
  staged(name, rules, "auto", async (stage) => {
    const sender = stage.send(matrix, sequence)
    const { fec } = await stage.until(
      "FEC is shown",
      (leg) => (leg.counters["fec_recovered"] ?? 0) > 0 && leg.fec !== null,
    )
    await sender.ended
    expect(sender.errors).toBe("")
    const out = await stage.out()
    check({ relay: stage.relay, fec, leg: await stage.leg(), out })
  })

const within = (index: number) => index >= FROM && index < TO
const singles = (index: number) => within(index) && index % 37 === 5

/**
 * Checks that everything that can be rebuilt was rebuilt, that nothing else is missing, and that the counters say so to
 * the packet.
 */
const isRecovered = ({ relay, leg, out }: Played) => {
  const gone = relay.unrecoverable()
  expect(relay.media.length).toBeGreaterThan(TO + 200)
  expect(relay.lost.length).toBeGreaterThan(8)
  expect(leg.counters).toMatchObject({
    fec_recovered: relay.lost.length - gone.length,
    rtp_unrecovered: gone.length,
    rtp_duplicates: 0,
    rtp_late: 0,
    rtp_resets: 0,
    fec_packets: relay.fec.length,
    fec_bad: 0,
  })
  expect(out.equals(relay.ts(gone))).toBe(true)
}

describe.concurrent("ffmpeg with prompeg", () => {
  it("row 7: l=8 d=8, single losses and a burst of 8: all is rebuilt", () =>
    once("8x8", { losesMedia: (i) => (i < 700 ? singles(i) : i >= 712 && i < 720) }, L8D8, (played) => {
      expect(played.relay.lost.filter((i) => i >= 712)).toHaveLength(8)
      expect(played.relay.unrecoverable()).toEqual([])
      isRecovered(played)
      expect(played.fec).toMatchObject(L8D8)
      expect(played.fec?.latency_ms).toBeGreaterThan(0)
      expect(played.fec?.latency_ms).toBeLessThan(1000)
      expect(played.leg.counters).toMatchObject({ rtp_unrecovered: 0, cc_errors: 0 })
    }))

  it("l=4 d=4, single losses and a burst of 4: all is rebuilt", () =>
    once("4x4", { losesMedia: (i) => singles(i) || (i >= 800 && i < 804) }, { columns: 4, rows: 4 }, (played) => {
      expect(played.relay.unrecoverable()).toEqual([])
      isRecovered(played)
      expect(played.fec).toMatchObject({ columns: 4, rows: 4 })
    }))

  it("row 7: 1 % random loss: what can be rebuilt is, to the packet", () => {
    const random = randomOf(7)
    const lost = new Set(Array.from({ length: TO }, (_, i) => i).filter((i) => random() < 0.01 && within(i)))
    return once("1 percent", { losesMedia: (i) => lost.has(i) }, L8D8, isRecovered)
  })

  it("15 % random loss, FEC packets lost too: what can be rebuilt is, by rows and columns in turn", () => {
    const random = randomOf(21)
    const lost = new Set(Array.from({ length: TO }, (_, i) => i).filter((i) => random() < 0.15 && within(i)))
    return once(
      "15 percent",
      { losesMedia: (i) => lost.has(i), losesFec: (n) => within(n) && random() < 0.1 },
      L8D8,
      (played) => {
        expect(played.relay.unrecoverable().length).toBeGreaterThan(0)
        isRecovered(played)
      },
    )
  })

  it.each([
    ["columns", true],
    ["rows", false],
  ] as const)("%s only", (which, losesRows) => {
    const burst = (i: number) => which === "columns" && i >= 800 && i < 808
    const rules: RelayRules = { losesMedia: (i) => singles(i) || burst(i), losesFec: (_, isRow) => isRow === losesRows }
    return once(`${which} only`, rules, L8D8, (played) => {
      isRecovered(played)
      expect(played.fec?.columns).toBe(8)
    })
  })

  it("row 8: a square of 2 x 2: exactly these four are lost, the others rebuilt", () => {
    // ffmpeg's matrices begin with its first datagram; these are rows 2 and 3, columns 3 and 4 of the sixth.
    const square = [19, 20, 27, 28].map((place) => 5 * 64 + place)
    return once("square", { losesMedia: (i) => square.includes(i) || (within(i) && i % 37 === 22) }, L8D8, (played) => {
      expect(played.relay.unrecoverable()).toEqual(square)
      isRecovered(played)
      expect(played.leg.counters["rtp_unrecovered"]).toBe(4)
    })
  })

  it("row 5: sequence 65535 to 0 with losses on both sides of it, in one matrix", () => {
    const wrap = 536
    const lost = [wrap - 3, wrap - 1, wrap, wrap + 1, wrap + 9, 650, 700, 750, 800]
    const rules = { losesMedia: (i: number) => lost.includes(i) }
    return once(
      "wrap",
      rules,
      L8D8,
      (played) => {
        expect(played.relay.media[wrap]?.sequence).toBe(0)
        expect(played.relay.unrecoverable()).toEqual([])
        isRecovered(played)
      },
      65_536 - wrap,
    )
  })
})

describe.concurrent("row 9: FEC that changes", () => {
  it("another matrix after a restart of the sender is learnt", () =>
    staged("matrix change", { losesMedia: singles }, "auto", async (stage) => {
      const first = stage.send(L8D8)
      await stage.until("8 x 8", (leg) => leg.fec?.columns === 8 && (leg.counters["fec_recovered"] ?? 0) > 5)
      await first.stop()
      const sent = stage.relay.media.length
      const lostBefore = stage.relay.lost
      await stage.until("silence", (leg) => !leg.receiving)
      stage.relay.rules = { losesMedia: (i) => i >= sent + FROM && i < sent + 700 && i % 41 === 3 }
      const second = stage.send({ columns: 5, rows: 10 })
      await stage.until("5 x 10", (leg) => leg.fec?.columns === 5 && leg.fec.rows === 10)
      await second.ended
      const out = await stage.out()
      // The first sender was stopped in mid-matrix, so what it lost there cannot be rebuilt.
      const gone = stage.relay.unrecoverable()
      expect(gone.filter((i) => i < sent - 128 || i >= sent)).toEqual([])
      const lostAfter = stage.relay.lost.filter((i) => i >= sent)
      expect(lostAfter.length).toBeGreaterThan(8)
      expect(lostBefore.length).toBeGreaterThan(5)
      expect(out.equals(stage.relay.ts(gone))).toBe(true)
      expect((await stage.leg()).counters["fec_recovered"]).toBe(lostBefore.length + lostAfter.length - gone.length)
    }))

  it("FEC stops: plain RTP goes on, a loss is counted, FEC is no longer shown", () =>
    staged(
      "stops",
      { losesMedia: (i) => i === 250 || i === 300 || i === 1000, losesFec: (n) => n > 500 },
      "auto",
      async (stage) => {
        const sender = stage.send(L8D8)
        await stage.until("FEC", (leg) => leg.counters["fec_recovered"] === 2 && leg.fec !== null)
        await stage.until("no FEC", (leg) => leg.fec === null && leg.receiving)
        await sender.ended
        expect((await stage.out()).equals(stage.relay.ts([1000]))).toBe(true)
        expect((await stage.leg()).counters).toMatchObject({ fec_recovered: 2, rtp_unrecovered: 1 })
      },
    ))

  it("FEC without media does no harm: the media that then come are delivered and protected", () =>
    staged("no media", { losesMedia: (i) => i < 640 || singles(i) }, "auto", async (stage) => {
      const sender = stage.send(L8D8)
      await stage.until("FEC packets", (leg) => (leg.counters["fec_packets"] ?? 0) > 20)
      expect((await stage.leg()).receiving).toBe(false)
      await sender.ended
      const out = await stage.out()
      const gone = stage.relay.unrecoverable().filter((i) => i >= 640)
      expect(gone).toEqual([])
      expect(out.equals(stage.relay.ts([], 640))).toBe(true)
      const { counters } = await stage.leg()
      expect(counters).toMatchObject({
        fec_recovered: stage.relay.lost.filter((i) => i >= 640).length,
        rtp_unrecovered: 0,
        fec_bad: 0,
      })
    }))
})

describe.concurrent("bad input", () => {
  it("garbage on the FEC ports is counted and harms nothing", () =>
    staged("garbage", { losesMedia: singles }, "auto", async (stage) => {
      const sender = stage.send(L8D8)
      await stage.until("FEC is known", (leg) => leg.fec?.columns === 8)
      let sent = 0
      for (const port of [stage.port + 2, stage.port + 4]) {
        const attacker = new DatagramSender(port)
        for (let round = 0; round < 10; round++) {
          await attacker.send(
            garbage.map(([, bytes]) => bytes),
            5,
          )
          sent += garbage.length
        }
        attacker.close()
      }
      await sender.ended
      const out = await stage.out()
      const leg = await stage.leg()
      expect(stage.relay.unrecoverable()).toEqual([])
      expect(out.equals(stage.relay.ts())).toBe(true)
      expect(leg.counters).toMatchObject({ fec_bad: sent, fec_recovered: stage.relay.lost.length, rtp_unrecovered: 0 })
      expect(leg.counters["fec_packets"]).toBe(stage.relay.fec.length)
    }))
})

describe.concurrent("preflight", () => {
  it("FEC that arrives and is not enabled is a finding; nothing is rebuilt", () =>
    staged("not enabled", { losesMedia: (i) => i === 400 }, "off", async (stage) => {
      const sender = stage.send(L8D8)
      await stage.until("the finding", ({ findings }) => findings.some(({ code }) => code === "fec_not_enabled"))
      await sender.ended
      expect((await stage.out()).equals(stage.relay.ts([400]))).toBe(true)
      expect((await stage.leg()).counters).toMatchObject({ fec_recovered: 0, rtp_unrecovered: 1 })
    }))

  it("FEC that is enabled, or not sent, is none", () =>
    staged("no finding", { losesMedia: (i) => i === 400 }, "auto", async (stage) => {
      const sender = stage.send(L8D8)
      await stage.until("recovered", ({ counters }) => counters["fec_recovered"] === 1)
      expect((await stage.leg()).findings.map(({ code }) => code)).not.toContain("fec_not_enabled")
      await sender.stop()
    }))
})
