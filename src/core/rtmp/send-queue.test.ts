import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type QueuedKind, type QueuedMessage, SendQueue, type SendQueueLimits } from "./send-queue.ts"

interface Message extends QueuedMessage {
  readonly name: string
}

const KINDS: Readonly<Record<string, QueuedKind>> = {
  K: "key",
  p: "inter",
  a: "audio",
  d: "data",
  V: "header",
  A: "header",
  M: "header",
}
const SLOTS: Readonly<Record<string, string>> = { V: "video", A: "audio", M: "metadata" }

/**
 * Makes messages from a line such as `K0 p40 a40`: a key frame at 0 ms, an inter frame and audio at 40 ms. V, A and M
 * are headers, and d is a cue point. Each has 100 bytes.
 */
const messages = (line: string): Message[] =>
  line
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => {
      const letter = name.slice(0, 1)
      const slot = SLOTS[letter]
      const base = { name, kind: KINDS[letter] ?? "inter", timestampMs: Number.parseInt(name.slice(1), 10), bytes: 100 }
      return slot === undefined ? base : { ...base, slot }
    })

const restamp = (header: Message, timestampMs: number): Message => ({
  ...header,
  timestampMs,
  name: `${header.name}>${timestampMs}`,
})

const queueOf = (limits: Partial<SendQueueLimits> = {}) => new SendQueue<Message>(restamp, limits)

const offerAll = (queue: SendQueue<Message>, line: string, socketBytes = 0): void => {
  for (const message of messages(line)) queue.offer(message, socketBytes)
}

const drain = (queue: SendQueue<Message>): string => {
  const names: string[] = []
  for (let message = queue.next(0); message !== null; message = queue.next(0)) names.push(message.name)
  return names.join(" ")
}

describe("the send queue", () => {
  it("drops what no message may be, and what cannot be decoded without it", () => {
    const queue = queueOf()
    offerAll(queue, "K0 p40")
    queue.offer({ name: "large", kind: "inter", timestampMs: 80, bytes: 0x1000000 }, 0)
    offerAll(queue, "p120 K160")
    expect(drain(queue)).toBe("K0 p40 K160")
    expect(queue.counters.droppedMessages).toBe(2)
  })

  it("passes everything on in its order while the socket takes it", () => {
    const queue = queueOf()
    const line = "M0 V0 A0 K0 a0 p40 a23 d40 p80"
    offerAll(queue, line)
    expect([drain(queue), queue.queuedBytes, queue.counters.droppedMessages]).toEqual([line, 0, 0])
  })

  it("keeps messages back while the socket holds enough", () => {
    const queue = queueOf({ socketBytes: 1000 })
    offerAll(queue, "K0 p40")
    expect([queue.next(1000), queue.next(999)?.name, queue.queuedMessages, queue.queuedBytes]).toEqual([
      null,
      "K0",
      1,
      100,
    ])
  })

  const cases: ReadonlyArray<[name: string, limits: Partial<SendQueueLimits>, offered: string, left: string, dropped: [messages: number, gops: number]]> = [
    ["up to the next key frame when the queue is too old", { maxAgeMs: 100 }, "K0 a0 p40 a60 K80 a80 p120", "K80 a80 p120", [4, 1]],
    ["as many groups as it takes, whole", { maxAgeMs: 100 }, "K0 p40 K60 p80 K100 p240", "", [6, 3]],
    ["two groups of three", { maxAgeMs: 100 }, "K0 p40 K50 p80 K90 a160", "K90 a160", [4, 2]],
    ["everything, and then all until a key frame, when none is there", { maxAgeMs: 100 }, "K0 p40 p80 p120 a130 p160 a170 K200 p240", "K200 p240", [7, 1]],
    ["by bytes", { maxBytes: 450 }, "K0 p40 a50 K80 p120 a130", "K80 p120 a130", [3, 1]],
    ["the end of a group whose start has gone, as one group", { maxAgeMs: 100 }, "p40 p80 p160 K200", "K200", [3, 1]],
    ["but not what is as old as the limit", { maxAgeMs: 100 }, "K0 p40 p100", "K0 p40 p100", [0, 0]],
    ["headers never: they come again before the key frame, with its time", { maxAgeMs: 100 }, "M0 V0 A0 K0 p40 K80 p140", "M0>80 V0>80 A0>80 K80 p140", [2, 1]],
    ["of headers all but the latest of each kind", { maxAgeMs: 100 }, "V0 K0 p40 V50 p60 V120 p130 V140 A150 K160", "V140>160 A150>160 K160", [4, 1]],
    ["headers that come while it waits for a key frame", { maxAgeMs: 100 }, "K0 p120 A130 V130 p140 K160", "A130>160 V130>160 K160", [3, 1]],
    ["nothing for a header with an old time at its front", { maxAgeMs: 100 }, "V0 A0 K500 p540", "V0 A0 K500 p540", [0, 0]],
    ["nothing for a cue point far ahead", { maxAgeMs: 100 }, "K0 d9000 p40", "K0 d9000 p40", [0, 0]],
    ["audio alone message by message", { maxAgeMs: 100 }, "a0 a20 a40 a60 a80 a100 a120 a140", "a40 a60 a80 a100 a120 a140", [2, 0]],
    ["not audio for ever when video has stopped", { maxAgeMs: 100 }, "K0 p40 a80 a120 a140 a150", "a150", [5, 1]],
    ["video frames behind such audio until a key frame", { maxAgeMs: 100 }, "V0 K0 p40 a130 a150 p160 a170 K200 p240", "V0>150 a150 a170 K200 p240", [4, 1]],
  ] // biome-ignore format: one line a case

  it.each(cases)("drops %s", (_, limits, offered, left, [droppedMessages, droppedGops]) => {
    const queue = queueOf(limits)
    offerAll(queue, offered)
    expect([drain(queue), queue.counters]).toEqual([
      left,
      expect.objectContaining({ droppedMessages, droppedGops, droppedBytes: droppedMessages * 100 }),
    ])
  })

  it("counts what the socket holds, and goes on at a key frame when it is free again", () => {
    const queue = queueOf({ maxBytes: 1000, socketBytes: 500 })
    offerAll(queue, "K0 p40", 900)
    expect([queue.waitsForKeyFrame, queue.counters.drops, queue.next(900)]).toEqual([true, 1, null])
    offerAll(queue, "p80 a80", 0)
    expect(queue.next(0)).toBeNull()
    offerAll(queue, "K120 p160", 0)
    expect([queue.waitsForKeyFrame, drain(queue)]).toEqual([false, "K120 p160"])
  })

  it("goes on with video that was not touched when only audio was lost", () => {
    const queue = queueOf({ maxBytes: 450, maxAgeMs: 100 })
    offerAll(queue, "K0 p40")
    drain(queue)
    offerAll(queue, "a60 a130 a145 a150 a155 p160")
    expect(drain(queue)).toBe("a145 a150 a155 p160")
  })

  it("drops video behind a hole in it, although audio has started again", () => {
    const queue = queueOf({ maxBytes: 450, maxAgeMs: 100 })
    offerAll(queue, "p40 a60 a145 a150 a155 p160 K170")
    expect([drain(queue), queue.counters.droppedMessages]).toEqual(["a145 a150 a155 K170", 3])
  })

  it("counts each group of pictures that it cuts, and sends lost headers once", () => {
    const queue = queueOf({ maxAgeMs: 100 })
    offerAll(queue, "V0 K0 p40 K80 p140")
    expect([drain(queue), queue.counters.droppedGops]).toEqual(["V0>80 K80 p140", 1])
    offerAll(queue, "p160 p280 K300")
    expect([drain(queue), queue.counters.droppedGops]).toEqual(["K300", 2])
    offerAll(queue, "p320 p440 K460")
    expect([drain(queue), queue.counters]).toEqual([
      "K460",
      { droppedMessages: 6, droppedBytes: 600, droppedGops: 3, drops: 3 },
    ])
  })

  it("keeps a key frame that is alone, however large", () => {
    const queue = queueOf({ maxBytes: 1000 })
    queue.offer({ name: "K", kind: "key", timestampMs: 0, bytes: 5000 }, 0)
    expect(drain(queue)).toBe("K")
  })

  it("reports cue points that were lost, 64 at most", () => {
    const queue = queueOf({ maxAgeMs: 100 })
    offerAll(queue, "K0 d20 p40 p120 d130")
    expect(queue.takeMissed().map(({ name }) => name)).toEqual(["d20", "d130"])
    expect(queue.takeMissed()).toEqual([])
    offerAll(queue, Array(100).fill("d140").join(" "))
    expect([queue.takeMissed().length, queue.counters.droppedMessages]).toEqual([64, 105])
  })

  it("stays bounded while a peer takes nothing for a minute, and comes back at a key frame", () => {
    const queue = queueOf({ maxBytes: 20_000, maxAgeMs: 5000 })
    let most = 0
    for (let ms = 0; ms < 60_000; ms += 40) {
      offerAll(queue, `${ms % 2000 === 0 ? `V${ms} K${ms}` : `p${ms}`} a${ms}`, 300_000)
      most = Math.max(most, queue.queuedBytes)
    }
    expect([most, queue.waitsForKeyFrame]).toEqual([0, true])
    const slow = queueOf({ maxBytes: 20_000, maxAgeMs: 5000 })
    for (let ms = 0; ms < 60_000; ms += 40) {
      offerAll(slow, `${ms % 2000 === 0 ? `V${ms} K${ms}` : `p${ms}`} a${ms}`, 0)
      most = Math.max(most, slow.queuedBytes)
    }
    expect(most).toBeLessThanOrEqual(20_000)
    expect(drain(slow)).toMatch(/^V\d+>(\d+) K\1 /)
  })

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("p", "a", "p", "a") },
    { weight: 2, arbitrary: fc.constantFrom("K", "VK", "AVK") },
    { weight: 1, arbitrary: fc.constantFrom("d", "V", "A", "M") },
    { weight: 2, arbitrary: fc.constant("-") },
    { weight: 2, arbitrary: fc.constant("--------") },
  )

  it("drops hundreds of messages at once, and keeps the newest", () => {
    const pictures = Array.from(
      { length: 2000 },
      (_, i) => ({ name: `p${i}`, kind: i % 25 === 0 ? "key" : "inter", timestampMs: i * 40 }) as const,
    )
    const sound = Array.from(
      { length: 3750 },
      (_, i) => ({ name: `a${i}`, kind: "audio", timestampMs: Math.round((i * 64) / 3) }) as const,
    )
    const stream = [...pictures, ...sound].sort((a, b) => a.timestampMs - b.timestampMs)
    // Groups are long, so that one drop is more than what the queue moves to its front.
    for (const every of [25, 100, 250]) {
      const queue = queueOf({ maxAgeMs: 5000, maxBytes: 1e9 })
      for (const { name, kind, timestampMs } of stream) {
        const long = kind === "key" && (timestampMs / 40) % every !== 0 ? "inter" : kind
        queue.offer({ name, kind: long, timestampMs, bytes: 1000 }, 300_000)
        expect(queue.queuedMessages).toBeLessThan((5000 + every * 40) * 0.08)
      }
      expect(queue.queuedMessages + queue.counters.droppedMessages).toBe(stream.length)
      // A group that is longer than the limit is lost whole, and the queue waits for the next key frame.
      if (every * 40 < 5000) expect(drain(queue).split(" ").at(-1)).toBe(stream.at(-1)?.name)
    }
  })

  it("gives any receiver a stream that can be decoded, with the latest headers, and counts every message once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(60, 100, 400), (steps, maxAgeMs) => {
        const queue = queueOf({ maxAgeMs, maxBytes: 1500 })
        const offered: Message[] = []
        const got: Message[] = []
        let ms = 0
        const letters = ["V", "A", "K", ...steps.flatMap((text) => [...text])]
        for (const letter of letters) {
          if (letter === "-") {
            const message = queue.next(0)
            if (message !== null) got.push(message)
            continue
          }
          ms += letter === "K" || letter === "p" ? 20 : 0
          const [message] = messages(`${letter}${ms}`)
          if (message === undefined) continue
          offered.push(message)
          queue.offer(message, 0)
          expect(queue.queuedBytes).toBeLessThanOrEqual(1500)
        }
        // Every message is accounted for.
        const media = (list: ReadonlyArray<Message>) => list.filter(({ kind }) => kind !== "header").length
        const rest = drain(queue)
          .split(" ")
          .filter((name) => name !== "")
        const sent = [...got.map(({ name }) => name), ...rest]
        const sentMedia = sent.filter((name) => !"VAM".includes(name.slice(0, 1))).length
        expect(sentMedia + queue.counters.droppedMessages).toBe(media(offered))
        // No inter frame goes out without the whole of its group before it, and each key frame follows the latest
        // header that was offered before it.
        const names = offered.map(({ name, kind }) => ({ name, kind }))
        let previousVideo = -1
        for (const name of sent.filter((one) => one.startsWith("p") || one.startsWith("K"))) {
          const index = names.findIndex((one) => one.name === name)
          if (name.startsWith("p")) {
            const between = names
              .slice(previousVideo + 1, index)
              .filter(({ kind }) => kind === "key" || kind === "inter")
            expect(between).toEqual([])
          } else {
            const latest = names.slice(0, index).findLast((one) => one.name.startsWith("V"))?.name ?? ""
            const before = sent.slice(0, sent.indexOf(name)).findLast((one) => one.startsWith("V")) ?? ""
            expect(before.replace(/>.*/, "")).toBe(latest)
          }
          previousVideo = index
        }
      }),
      { numRuns: 500 },
    )
  })
})
