import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { generateTs } from "../../test-source/test-programme.ts"
import { settle } from "../testing/FakeEngine.ts"
import { makeFakeTaps } from "../testing/fake-taps.ts"
import { MAX_BUFFERED_BYTES, MAX_VIEWERS, makePreviews, type PreviewStreams } from "./Previews.ts"

const TS = generateTs(3, { bitrate: 2_000_000, breakEverySeconds: 0 })

const makeViewer = () => {
  const got = { streams: [] as PreviewStreams[], bytes: 0, buffered: 0 }
  return {
    got,
    viewer: {
      begin: (streams: PreviewStreams) => void got.streams.push(streams),
      data: (bytes: Uint8Array) => {
        got.bytes += bytes.length
      },
      bufferedBytes: () => got.buffered,
    },
  }
}

const bench = Effect.gen(function* () {
  const taps = makeFakeTaps()
  const previews = makePreviews(taps)
  const one = makeViewer()
  const fiber = yield* Effect.fork(Effect.flip(previews.watch("ch-1", one.viewer)))
  yield* settle
  return { taps, previews, fiber, ...one }
})
const endOf = (fiber: Fiber.Fiber<{ readonly kind: string }, unknown>) =>
  Effect.map(Fiber.join(fiber), ({ kind }) => kind)

describe("makePreviews", () => {
  it.effect("tells the streams once, then hands on TS, for five minutes", () =>
    Effect.gen(function* () {
      const { fiber, got, previews, taps } = yield* bench
      taps.send(TS.subarray(0, 188))
      assert.strictEqual(got.streams.length, 0)
      taps.send(TS)
      taps.send(TS)
      assert.strictEqual(got.streams.length, 1)
      assert.includeMembers(
        (got.streams[0]?.streams ?? []).map(({ stream_type }) => stream_type),
        [0x1b, 0x0f],
      )
      assert.isAbove(got.bytes, TS.length)
      yield* settle
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual(taps.size(), 1)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* endOf(fiber), "time_is_up")
      assert.deepStrictEqual([taps.size(), previews.size()], [0, 0])
    }),
  )

  it.effect("drops a viewer that is slow, and sends it nothing more", () =>
    Effect.gen(function* () {
      const { fiber, got, taps } = yield* bench
      got.buffered = MAX_BUFFERED_BYTES + 1
      taps.send(TS)
      const { bytes } = got
      taps.send(TS)
      assert.strictEqual(got.bytes, bytes)
      assert.strictEqual(yield* endOf(fiber), "too_slow")
      assert.strictEqual(taps.size(), 0)
    }),
  )

  it.effect("ends when the stream has no key frame, or is lost", () =>
    Effect.gen(function* () {
      const first = yield* bench
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(yield* endOf(first.fiber), "no_picture")
      const second = yield* bench
      second.taps.send(TS)
      second.taps.end("the engine was lost")
      assert.strictEqual(yield* endOf(second.fiber), "lost")
      const third = makeFakeTaps()
      third.refuse = "the channel does not run"
      const refused = yield* Effect.flip(makePreviews(third).watch("ch-1", makeViewer().viewer))
      assert.deepStrictEqual([refused.kind, refused.reason], ["not_running", "the channel does not run"])
    }),
  )

  it.effect("has few viewers at a time, and room again when one has gone", () =>
    Effect.gen(function* () {
      const taps = makeFakeTaps()
      const previews = makePreviews(taps)
      const watch = () => previews.watch("ch-1", makeViewer().viewer)
      const fibers = yield* Effect.forEach(Array.from({ length: MAX_VIEWERS }), () => Effect.fork(watch()))
      yield* settle
      assert.strictEqual((yield* Effect.flip(watch())).kind, "too_many")
      assert.deepStrictEqual([previews.size(), taps.size()], [MAX_VIEWERS, MAX_VIEWERS])
      const [leaving] = fibers
      if (leaving !== undefined) yield* Fiber.interrupt(leaving)
      const next = yield* Effect.fork(watch())
      yield* settle
      assert.strictEqual(taps.size(), MAX_VIEWERS)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(next)))
    }),
  )
})
