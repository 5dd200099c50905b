import { describe, expect, it } from "vitest"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { SlotReceipt } from "../core/srt/protocol/send-window.ts"
import { CueTracker } from "./cue-tracker.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import { QUEUE_SLOTS, RingReader } from "./ring/ring-reader.ts"

const core = { slotTimeUs: () => 1_000_000 } as unknown as PacketCore

class Session {
  readonly reader: RingReader
  readonly spec: { readonly id: string }
  state = "connected"
  carriesCues = true
  takesCuesEarly = false
  reason: { message: string } | null = null
  followSlot?: NonNullable<OutputSession["followSlot"]>

  constructor(id: string, head: number) {
    this.spec = { id }
    this.reader = new RingReader(head)
  }

  fateOf(position: number) {
    return this.reader.fateOf(position)
  }

  fault(reason: { message: string }) {
    this.state = "ended"
    this.reason = reason
  }

  get asOutput(): OutputSession {
    return this as unknown as OutputSession
  }
}

const start = () => {
  const tracker = new CueTracker(core, 0, (_, cause) => {
    throw cause
  })
  const session = new Session("o1", 100)
  return {
    tracker,
    session,
    add: (cue: number, position: number) => tracker.add(cue, position, 1_000_000, [session.asOutput]),
  }
}

describe("CueTracker", () => {
  it("ends a session that throws when it is asked, tells that its cue was not sent, and goes on with the others", () => {
    const failed: unknown[] = []
    const tracker = new CueTracker(core, 0, (session, cause) => {
      session.fault({ code: "internal", message: "internal error", transient: true })
      failed.push(cause)
    })
    const [broken, other] = [new Session("broken", 100), new Session("other", 100)]
    broken.fateOf = () => {
      throw new Error("made to fail")
    }
    tracker.add(1, 100, 1_000_000, [broken.asOutput, other.asOutput])
    other.reader.next()
    expect(tracker.poll(1_010_000)).toEqual([
      {
        cue: 1,
        output_id: "broken",
        sent: false,
        delay_ms: 10,
        reason: "the connection ended before it was sent: internal error",
      },
      { cue: 1, output_id: "other", sent: true, delay_ms: 10, reason: null },
    ])
    expect(failed).toHaveLength(1)
  })

  it("says sent, with its delay, once the slot has left and not before", () => {
    const { tracker, session, add } = start()
    add(1, 100)
    expect(tracker.poll(1_004_000)).toEqual([])
    session.reader.next()
    expect(tracker.poll(1_010_000)).toEqual([{ cue: 1, output_id: "o1", sent: true, delay_ms: 10, reason: null }])
    expect(tracker.poll(1_020_000)).toEqual([])
  })

  it("says which were given up when the queue was full, and only those", () => {
    const { tracker, session, add } = start()
    add(1, 100)
    add(2, 104)
    add(3, 105)
    session.reader.backlog(100 + QUEUE_SLOTS + 5)
    expect(tracker.poll(1_010_000)).toMatchObject([
      { cue: 1, sent: false, reason: expect.stringContaining("queue was full") },
      { cue: 2, sent: false },
    ])
    session.reader.next()
    expect(tracker.poll(1_020_000)).toMatchObject([{ cue: 3, sent: true }])
  })

  it("says why the connection ended before it was sent", () => {
    const { tracker, session, add } = start()
    add(1, 100)
    session.state = "ended"
    session.reason = { message: "SRT connection lost" }
    expect(tracker.poll(1_010_000)).toMatchObject([
      { sent: false, reason: "the connection ended before it was sent: SRT connection lost" },
    ])
  })

  it("gives up after 10 s, and takes no interest in outputs that were not connected", () => {
    const { tracker, session, add } = start()
    add(1, 100)
    expect(tracker.poll(11_000_001)).toMatchObject([{ sent: false, reason: "it was not sent within 10 s" }])
    session.state = "connecting"
    add(2, 100)
    session.reader.next()
    expect(tracker.poll(1_010_000)).toEqual([])
  })

  it("waits for an output that takes cues before it is connected, as HLS does until its first playlist", () => {
    const { tracker, session, add } = start()
    session.state = "connecting"
    session.takesCuesEarly = true
    add(1, 100)
    expect(tracker.poll(1_010_000)).toEqual([])
    session.state = "connected"
    session.reader.next()
    expect(tracker.poll(2_000_000)).toMatchObject([{ cue: 1, sent: true }])
    session.state = "ended"
    add(2, 101)
    expect(tracker.poll(2_010_000)).toEqual([])
  })

  it("knows a slot by its number beyond 2^32, and a part that was refused", () => {
    const session = new Session("o1", 2 ** 32 - 1)
    expect(session.fateOf(2 ** 32 - 1)).toBe("waiting")
    session.reader.spoil()
    session.reader.next()
    expect([session.fateOf(2 ** 32 - 1), session.fateOf(0)]).toEqual(["dropped", "waiting"])
    session.reader.next()
    expect([session.fateOf(0), session.fateOf(2 ** 32 - 2)]).toEqual(["sent", "dropped"])
  })

  it("says when a section that was sent is acknowledged, once, with the time since it arrived", () => {
    const { tracker, session, add } = start()
    let receipt: SlotReceipt = "waiting"
    const followed: number[][] = []
    session.followSlot = (...slot) => {
      followed.push(slot)
      return () => receipt
    }
    add(1, 100)
    tracker.poll(1_004_000)
    expect([followed, tracker.acknowledged(1_004_000)]).toEqual([[], []])
    session.reader.next()
    expect(tracker.poll(1_010_000)).toMatchObject([{ cue: 1, sent: true }])
    expect([followed, tracker.acknowledged(1_010_000)]).toEqual([[[100, 1_000_000]], []])
    receipt = "acknowledged"
    expect(tracker.acknowledged(1_032_500)).toEqual([{ cue: 1, output_id: "o1", delay_ms: 32.5 }])
    expect(tracker.acknowledged(1_040_000)).toEqual([])
  })

  it.each<[string, (session: Session) => SlotReceipt, number]>([
    ["is not known of any more", () => "unknown", 1_020_000],
    ["has not come after 10 s", () => "waiting", 11_000_001],
    [
      "cannot come, as the connection has ended",
      (session) => {
        session.state = "ended"
        return "waiting"
      },
      1_020_000,
    ],
  ])("lets go of an acknowledgement that %s", (_, what, nowUs) => {
    const { tracker, session, add } = start()
    let receipt: SlotReceipt = "waiting"
    session.followSlot = () => () => receipt
    add(1, 100)
    session.reader.next()
    tracker.poll(1_010_000)
    receipt = what(session)
    expect(tracker.acknowledged(nowUs)).toEqual([])
    session.state = "connected"
    receipt = "acknowledged"
    expect(tracker.acknowledged(1_030_000)).toEqual([])
  })

  it("ends a session that throws when it is asked for an acknowledgement", () => {
    const failed: unknown[] = []
    const tracker = new CueTracker(core, 0, (_, cause) => failed.push(cause))
    const broken = new Session("broken", 100)
    const fail = () => {
      throw new Error("made to fail")
    }
    broken.followSlot = fail
    tracker.add(1, 100, 1_000_000, [broken.asOutput])
    broken.reader.next()
    expect([tracker.poll(1_010_000).length, tracker.acknowledged(1_010_000).length, failed.length]).toEqual([1, 0, 1])
    broken.followSlot = () => fail
    tracker.add(2, 101, 1_000_000, [broken.asOutput])
    broken.reader.next()
    tracker.poll(1_010_000)
    tracker.acknowledged(1_010_000)
    tracker.acknowledged(1_020_000)
    expect(failed.length).toBe(2)
  })

  it("is bounded in a storm", () => {
    const { tracker, add } = start()
    for (let cue = 0; cue < 5000; cue++) add(cue, 100)
    expect(tracker.poll(20_000_000)).toHaveLength(1000)
  })
})
