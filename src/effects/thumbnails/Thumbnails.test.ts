import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { TapEnded } from "../taps/Taps.ts"
import { settle } from "../testing/FakeEngine.ts"
import { makeFakeTaps } from "../testing/fake-taps.ts"
import { makeThumbnails } from "./Thumbnails.ts"

const bench = (limit = 4) =>
  Effect.gen(function* () {
    const state = {
      running: new Map([["a", { receiving: true }]]),
      taken: [] as string[],
      fails: false,
      hangs: false,
      ended: 0,
    }
    const thumbnails = yield* makeThumbnails(makeFakeTaps(), {
      limit,
      running: Effect.sync(() => state.running),
      take: (id) =>
        Effect.suspend(() => {
          state.taken.push(id)
          if (state.hangs) return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void state.ended++))
          return state.fails
            ? new TapEnded({ reason: "no key frame of video came within 12 s" })
            : Effect.succeed(new Uint8Array([state.taken.length]))
        }),
    })
    const adjust = (seconds: number) =>
      Effect.gen(function* () {
        for (let n = 0; n < seconds; n++) {
          yield* TestClock.adjust("1 second")
          yield* settle
        }
      })
    yield* settle
    const answer = (id = "a") =>
      Effect.map(thumbnails.get(id), (found) => (found.ok ? found.thumbnail.jpeg[0] : found.reason))
    return { state, adjust, answer }
  })

describe("makeThumbnails", () => {
  it.scoped("takes one every 8 s while somebody looks, and one a minute else", () =>
    Effect.gen(function* () {
      const { adjust, answer, state } = yield* bench()
      assert.strictEqual(yield* answer(), 1)
      yield* adjust(8)
      assert.strictEqual(yield* answer(), 2)
      yield* adjust(59)
      const { length } = state.taken
      assert.strictEqual(length, 9)
      yield* adjust(120)
      assert.isAtMost(state.taken.length - length, 3)
      yield* answer()
      yield* adjust(8)
      assert.isAbove(state.taken.length - length, 1)
    }),
  )

  it.scoped("does not show an old picture of a channel that lost its input, nor take new ones", () =>
    Effect.gen(function* () {
      const { adjust, answer, state } = yield* bench()
      state.running = new Map([["a", { receiving: false }]])
      yield* adjust(30)
      assert.strictEqual(yield* answer(), 1)
      yield* adjust(1)
      assert.strictEqual(yield* answer(), "no packets arrive, and the last picture is older than 30 s")
      assert.strictEqual(state.taken.length, 1)
      state.running = new Map([["a", { receiving: true }]])
      yield* adjust(1)
      assert.strictEqual(yield* answer(), 2)
    }),
  )

  it.scoped("says why there is none", () =>
    Effect.gen(function* () {
      const { adjust, answer, state } = yield* bench()
      state.fails = true
      state.running = new Map([
        ["a", { receiving: true }],
        ["b", { receiving: true }],
        ["c", { receiving: false }],
      ])
      yield* adjust(1)
      assert.strictEqual(yield* answer("b"), "no key frame of video came within 12 s")
      assert.strictEqual(yield* answer("c"), "no packets arrive")
      assert.strictEqual(yield* answer("d"), "the channel does not run")
      yield* adjust(200)
      // The picture is too old by now, although packets arrive.
      assert.strictEqual(yield* answer("a"), "no key frame of video came within 12 s")
    }),
  )

  it.scoped("takes none above its limit, and none at all when they are off", () =>
    Effect.gen(function* () {
      const few = yield* bench(1)
      few.state.running = new Map(["a", "b"].map((id) => [id, { receiving: true }]))
      yield* few.adjust(30)
      assert.deepStrictEqual(few.state.taken, ["a"])
      assert.strictEqual(yield* few.answer(), "2 channels run, and pictures are taken of 1 at most (THUMBNAILS)")
      const off = yield* bench(0)
      yield* off.adjust(30)
      assert.deepStrictEqual(off.state.taken, [])
      assert.strictEqual(yield* off.answer(), "pictures are off (THUMBNAILS=off)")
    }),
  )

  it.scoped("gives up what it is about when the channel stops", () =>
    Effect.gen(function* () {
      const { adjust, state } = yield* bench()
      state.hangs = true
      yield* adjust(9)
      state.running = new Map()
      yield* adjust(1)
      assert.strictEqual(state.ended, 1)
    }),
  )
})
