import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Actor } from "../model/actor.ts"
import { StoreError } from "../model/Errors.ts"
import type { StoreService } from "../store/Store.ts"
import { noNotificationRows } from "../testing/notifications.ts"
import { DATABASES, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { type Deliver, NotDelivered } from "./deliver.ts"
import { makeNotificationRows } from "./notification-rows.ts"
import { config, HOOK, QUICK, serve } from "./testing/served-notifications.ts"

describe.each(DATABASES)("notifications over %s", (database) => {
  const place = places(database, temporaryDirectory)
  const rowsOf = (store: StoreService) => makeNotificationRows(store.access)

  it.scoped("are told by the rules, and not again after a restart, which keeps what was set", () =>
    Effect.gen(function* () {
      const at = yield* place
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { fail, service, told } = yield* serve(rowsOf(store))
            const { id } = yield* service.createDestination(HOOK)
            const other = yield* service.createDestination({ ...HOOK, name: "other" })
            yield* service.setRules({
              ...QUICK,
              rules: [{ destinations: [id] }, { kinds: ["input_lost"], destinations: [other.id] }],
            })
            yield* service.mute({ channel: "news", output: "tv", minutes: 1 })
            const repeats = { zone: "Europe/Berlin", days: ["thu"], start: "12:00", stop: "13:00" } as const
            yield* service.mute({ until: "1970-03-01T00:00:00Z", reason: "test", repeats })
            yield* fail("cdn", true)
            yield* fail("tv", true)
            yield* TestClock.adjust("5 seconds")
            assert.deepStrictEqual(told, ["hook: opened output_down:news:cdn"])
            const acknowledged = yield* Effect.locally(service.acknowledge("output_down:news:cdn"), Actor, "user ada")
            assert.strictEqual(acknowledged.acknowledged_by, "user ada")
          }),
        ),
      )
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { fail, service, told } = yield* serve(rowsOf(store))
            const [, series] = yield* service.mutes
            assert.deepInclude(series, { reason: "test", active: false, next_at: "1970-01-01T11:00:00.000Z" })
            yield* service.unmute(series?.id ?? "")
            yield* fail("cdn", true)
            yield* fail("tv", true)
            yield* TestClock.adjust("10 seconds")
            assert.deepStrictEqual(told, [])
            const notices = yield* service.notices
            assert.deepStrictEqual(
              notices.map(({ acknowledged_by, key, muted_until }) => [key, acknowledged_by, muted_until !== null]),
              [
                ["output_down:news:cdn", "user ada", false],
                ["output_down:news:tv", null, true],
              ],
            )
            assert.deepStrictEqual(
              (yield* service.destinations).map(({ name, secret, url }) => [name, url, secret]),
              [
                ["hook", "https://hooks.example.com/***", "***"],
                ["other", "https://hooks.example.com/***", "***"],
              ],
            )
            yield* fail("cdn", false)
            yield* TestClock.adjust("1 minute")
            assert.deepStrictEqual(told, ["hook: resolved output_down:news:cdn", "hook: opened output_down:news:tv"])
            assert.deepStrictEqual(yield* service.mutes, [])
            for (const { id } of yield* service.destinations) yield* service.removeDestination(id)
            assert.deepStrictEqual(
              (yield* service.rules).rules.map(({ destinations }) => destinations),
              [[], []],
            )
          }),
        ),
      )
      yield* using(at, (store) =>
        Effect.map(rowsOf(store).load, ({ destinations, outgoing }) =>
          assert.deepStrictEqual([destinations, outgoing], [[], []]),
        ),
      )
    }),
  )

  it.scoped("are acknowledged many at once, and stay so after a restart", () =>
    Effect.gen(function* () {
      const at = yield* place
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { fail, service } = yield* serve(rowsOf(store))
            yield* service.setRules(QUICK)
            yield* fail("cdn", true)
            yield* fail("tv", true)
            yield* TestClock.adjust("5 seconds")
            const keys = ["output_down:news:cdn", "output_down:news:gone"]
            const one = yield* Effect.locally(service.acknowledgeMany({ keys }), Actor, "user ada")
            assert.deepStrictEqual(
              one.map(({ key }) => key),
              ["output_down:news:cdn"],
            )
            yield* Effect.locally(service.acknowledgeMany({ all: true }), Actor, "user bob")
          }),
        ),
      )
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { service } = yield* serve(rowsOf(store))
            assert.deepStrictEqual(
              (yield* service.notices).map(({ acknowledged_by, key }) => [key, acknowledged_by]),
              [
                ["output_down:news:cdn", "user ada"],
                ["output_down:news:tv", "user bob"],
              ],
            )
          }),
        ),
      )
    }),
  )

  it.scoped("that could not be delivered are delivered after a restart", () =>
    Effect.gen(function* () {
      const at = yield* place
      const away: Deliver = () => Effect.fail(new NotDelivered({ reason: "away", again: true, retryAfterMs: null }))
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { fail, service, told } = yield* serve(rowsOf(store), away)
            yield* service.createDestination(HOOK)
            yield* service.setRules(QUICK)
            yield* fail("cdn", true)
            yield* TestClock.adjust("10 seconds")
            const [hook] = yield* service.destinations
            assert.deepInclude(hook?.delivery, { queued: 1, sent: 0, last_error: "away" })
            assert.deepStrictEqual(told, [])
          }),
        ),
      )
      yield* using(at, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { told } = yield* serve(rowsOf(store))
            yield* TestClock.adjust("1 second")
            assert.deepStrictEqual(told, ["hook: opened output_down:news:cdn"])
          }),
        ),
      )
      yield* using(at, (store) =>
        Effect.map(rowsOf(store).load, ({ outgoing }) => assert.deepStrictEqual(outgoing, [])),
      )
    }),
  )
})

describe("notifications", () => {
  it.scoped("are told though the store takes nothing", () =>
    Effect.gen(function* () {
      const rows = {
        ...noNotificationRows,
        write: () => Effect.fail(new StoreError({ operation: "store", cause: new Error("full") })),
      }
      const { fail, service, told } = yield* serve(rows)
      yield* service.createDestination(HOOK)
      yield* service.setRules(QUICK)
      yield* fail("cdn", true)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told, ["hook: opened output_down:news:cdn"])
    }),
  )

  it.scoped("of a destination that hangs hold nobody else up", () =>
    Effect.gen(function* () {
      const { fail, service, told } = yield* serve(noNotificationRows, ({ name }) =>
        name === "hook" ? Effect.never : Effect.succeed("ok"),
      )
      yield* service.createDestination(HOOK)
      yield* service.createDestination({ ...HOOK, name: "other" })
      yield* service.setRules(QUICK)
      yield* fail("cdn", true)
      yield* TestClock.adjust("5 seconds")
      yield* fail("cdn", false)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told, ["other: opened output_down:news:cdn", "other: resolved output_down:news:cdn"])
    }),
  )

  it.scoped("tell of switches and missed cues, with how many", () =>
    Effect.gen(function* () {
      const { note, service, told } = yield* serve(noNotificationRows)
      yield* service.createDestination(HOOK)
      yield* service.setRules(QUICK)
      const event = { channelId: config.id, at: 0, message: "m", severity: "warning" } as const
      // What a start brings about is over.
      yield* TestClock.adjust("31 seconds")
      const nowMs = 31_000
      note({ ...event, kind: "switched", source: "backup" }, nowMs)
      note({ ...event, kind: "switched", severity: "info" }, nowMs)
      for (let n = 0; n < 3; n++) note({ ...event, kind: "cue_missed", output: "cdn" }, nowMs)
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(told, ["hook: opened source_switched:news, opened cue_missed:news:cdn"])
      assert.deepStrictEqual((yield* service.notices).map(({ message }) => message).sort(), ["3 times, last: m", "m"])
    }),
  )

  it.scoped("refuse what cannot be, with its place", () =>
    Effect.gen(function* () {
      const { service } = yield* serve(noNotificationRows)
      const { id } = yield* service.createDestination(HOOK)
      const refusals: ReadonlyArray<readonly [Effect.Effect<unknown, unknown>, string]> = [
        [service.createDestination(HOOK), 'name: there is a destination "hook" already'],
        [service.createDestination({ name: "a", kind: "slack" }), "url: is required for slack"],
        [
          service.createDestination({ name: "a", kind: "slack", url: "https://a.example", host: "b" }),
          "host: is not for slack; it takes url",
        ],
        [
          service.createDestination({ name: "a", kind: "email", host: "h" }),
          "from: is required for email; to: is required for email",
        ],
        [
          service.createDestination({ name: "a", kind: "email", host: "h", from: "a@b", to: ["a@b", "x <c@d>, e@f"] }),
          "to[1]: must be a mail address such as ops@example.com",
        ],
        [
          service.updateDestination(id, { secret: "***" }),
          "secret: is masked; leave it out to keep the one that is stored",
        ],
        [
          service.updateDestination(id, { url: "https://hooks.example.com/***" }),
          "url: is masked; leave it out to keep the one that is stored",
        ],
        [service.updateDestination(id, { to: ["a@b.c"] }), "to: is not for webhook; it takes url, secret"],
        [service.updateDestination("x", {}), 'there is no destination "x"'],
        [service.setRules({ rules: [{ channels: ["x"] }] }), 'rules[0].channels[0]: there is no channel "x"'],
        [
          service.setRules({ rules: [{ destinations: ["x"] }] }),
          'rules[0].destinations[0]: there is no destination "x"',
        ],
        [service.mute({ output: "cdn", minutes: 1 }), "output: needs its channel"],
        [service.mute({ channel: "news", output: "x", minutes: 1 }), 'output: there is no output "x"'],
        [service.mute({ until: "1969-01-01T00:00:00Z" }), "until: must be in the future"],
        [
          service.mute({ until: "1970-01-02T00:00:00" }),
          "until: must be a time with its offset, as in 2026-01-02T03:04:05Z",
        ],
        [service.mute({}), "until: is required, unless there are minutes"],
        [service.acknowledge("output_down:news:cdn"), 'there is no notice "output_down:news:cdn"'],
        [service.acknowledgeMany({}), "keys: is needed, or all: true; not both"],
        [service.acknowledgeMany({ all: true, keys: ["a"] }), "keys: is needed, or all: true; not both"],
      ]
      for (const [act, message] of refusals) assert.strictEqual(((yield* Effect.flip(act)) as Error).message, message)
      const changed = yield* service.updateDestination(id, { secret: null, enabled: false })
      assert.deepInclude(changed, { name: "hook", secret: null, enabled: false, url: "https://hooks.example.com/***" })
    }),
  )
})
