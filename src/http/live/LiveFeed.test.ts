import { describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { assert } from "vitest"
import { type FakeControlPlane, makeFakeControlPlane } from "../testing/FakeControlPlane.ts"
import { type LiveClient, MAX_BUFFERED_BYTES, MAX_SKIPPED, makeLiveFeed } from "./LiveFeed.ts"

interface FakeClient extends LiveClient {
  readonly received: Array<string>
  closed: number | null
  buffered: number
}

const makeClient = (): FakeClient => {
  const client: FakeClient = {
    received: [],
    closed: null,
    buffered: 0,
    bufferedBytes: () => client.buffered,
    send: (text: string) => void client.received.push(text),
    close: (code: number) => {
      client.closed = code
    },
  }
  return client
}

/** A feed whose reads of the channels are counted. */
const makeCounted = Effect.gen(function* () {
  const fake: FakeControlPlane = makeFakeControlPlane()
  const counted = { reads: 0 }
  const list = Effect.tap(fake.channels.list, () => Effect.sync(() => counted.reads++))
  const feed = yield* makeLiveFeed({ channels: { list }, changeFeed: fake.changeFeed })
  // Passes the first tick and its pause, with nobody there.
  yield* TestClock.adjust("600 millis")
  return { fake, feed, counted }
})

describe("LiveFeed", () => {
  it.scoped("greets a client at once and reads nothing while nobody listens", () =>
    Effect.gen(function* () {
      const { feed, counted } = yield* makeCounted
      assert.strictEqual(counted.reads, 0)
      const client = makeClient()
      feed.add(client)
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(client.received, ['{"channels":[]}'])
    }),
  )

  it.scoped("tells again every 2 s without any change", () =>
    Effect.gen(function* () {
      const { feed } = yield* makeCounted
      const client = makeClient()
      feed.add(client)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(client.received.length, 6)
    }),
  )

  it.scoped("tells a storm of changes at most twice a second, one read for all clients", () =>
    Effect.gen(function* () {
      const { fake, feed, counted } = yield* makeCounted
      const clients = [makeClient(), makeClient(), makeClient()]
      for (const client of clients) feed.add(client)
      for (let i = 0; i < 100; i++) {
        fake.change()
        yield* TestClock.adjust("20 millis")
      }
      for (const client of clients) {
        assert.isAtMost(client.received.length, 6)
        assert.isAtLeast(client.received.length, 4)
      }
      // Six rounds, and a separate greeting for the client that came first.
      assert.isAtMost(counted.reads, 7)
    }),
  )

  it.scoped("ends with what changed last", () =>
    Effect.gen(function* () {
      const { fake, feed } = yield* makeCounted
      const client = makeClient()
      feed.add(client)
      for (const port of [5000, 5001, 5002]) {
        yield* fake.channels.create({ name: `at ${port}`, rtp_port: port })
        fake.change()
        yield* TestClock.adjust("10 millis")
      }
      yield* TestClock.adjust("500 millis")
      assert.include(client.received.at(-1) ?? "", "at 5002")
    }),
  )

  it.scoped(
    "row 42: leaves a slow client out, takes it back when it catches up, and closes it with 1013 when it does not",
    () =>
      Effect.gen(function* () {
        const { feed } = yield* makeCounted
        const [slow, quick] = [makeClient(), makeClient()]
        feed.add(slow)
        feed.add(quick)
        yield* TestClock.adjust("0 millis")
        slow.buffered = MAX_BUFFERED_BYTES + 1
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(slow.received.length, 1)
        slow.buffered = 0
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(slow.received.length, 2)
        slow.buffered = MAX_BUFFERED_BYTES + 1
        yield* TestClock.adjust(`${2 * (MAX_SKIPPED - 1)} seconds`)
        assert.isNull(slow.closed)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(slow.closed, 1013)
        assert.strictEqual(feed.size(), 1)
        assert.isAbove(quick.received.length, MAX_SKIPPED)
      }),
  )

  it.scoped("tells nothing to who left", () =>
    Effect.gen(function* () {
      const { feed } = yield* makeCounted
      const client = makeClient()
      const leave = feed.add(client)
      leave()
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(client.received, [])
    }),
  )

  it.scoped("survives a read that fails", () =>
    Effect.gen(function* () {
      let broken = true
      const list = Effect.suspend(() => (broken ? Effect.die(new Error("broken")) : Effect.succeed([])))
      const feed = yield* makeLiveFeed({ channels: { list }, changeFeed: makeFakeControlPlane().changeFeed })
      const client = makeClient()
      feed.add(client)
      yield* TestClock.adjust("3 seconds")
      broken = false
      yield* TestClock.adjust("3 seconds")
      assert.isNotEmpty(client.received)
    }),
  )
})
