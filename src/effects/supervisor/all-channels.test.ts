/** What is read across channels, on both databases. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeAccountRows } from "../accounts/account-rows.ts"
import { makeAuditRows } from "../accounts/audit-rows.ts"
import type { CueQuery, StoredProof } from "../model/cue.ts"
import type { EventQuery } from "../model/event.ts"
import { makeSurroundings } from "../show/surroundings.ts"
import type { StoreService } from "../store/Store.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { newCue } from "../testing/cues.ts"
import { DATABASES, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

const addChannels = (store: StoreService, ...ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) =>
    store.insertChannel(channelConfig({ id, slug: id, outputs: [outputConfig({ id: `out-${id}` })] })),
  )
const proof = (over: Partial<StoredProof>): StoredProof => ({
  output: "srt-1",
  status: "sent",
  at: null,
  delay_ms: 1,
  reason: null,
  ...over,
})

describe.each(DATABASES)("all channels in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("give their events together, newest first, by severity and time", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannels(store, "a", "b")
          const event = (channelId: string, at: number, severity: "info" | "warning" | "critical") =>
            ({ channelId, at, kind: "switched", severity, message: `${at}` }) as const
          yield* store.appendEvents([event("a", 1, "info"), event("b", 2, "critical"), event("a", 3, "warning")])
          const find = (query: Partial<EventQuery> = {}) =>
            Effect.map(store.allEvents({ limit: 9, ...query }), (found) =>
              found.map(({ channelId, event }) => channelId + event.message),
            )
          assert.deepStrictEqual(yield* find(), ["a3", "b2", "a1"])
          assert.deepStrictEqual(yield* find({ limit: 1 }), ["a3"])
          assert.deepStrictEqual(yield* find({ before: 3 }), ["b2", "a1"])
          assert.deepStrictEqual(yield* find({ severities: ["warning", "critical"] }), ["a3", "b2"])
          assert.deepStrictEqual(yield* find({ sinceMs: 2, untilMs: 3 }), ["b2"])
          assert.deepStrictEqual(yield* find({ kinds: ["leg_lost"] }), [])
          assert.deepStrictEqual(yield* find({ among: ["a"] }), ["a3", "a1"])
          assert.deepStrictEqual(yield* find({ among: ["a", "b"], limit: 2 }), ["a3", "b2"])
          assert.deepStrictEqual(yield* find({ among: [] }), [])
          const ofOne = yield* store.events("a", { limit: 9, severities: ["info"], untilMs: 3 })
          assert.deepStrictEqual(
            ofOne.map(({ message }) => message),
            ["1"],
          )
        }),
      )
    }),
  )

  it.scoped("give their cues together, and those that were missed somewhere", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannels(store, "a", "b")
          const cue = (channelId: string, description: string, ...outputs: ReadonlyArray<StoredProof>) => ({
            id: null,
            cue: newCue({ channelId, at: 1000, description, outputs }),
          })
          yield* store.writeCues([
            cue("a", "sent", proof({ reason: 'as in "status":"missed"' })),
            cue("b", "missed", proof({}), proof({ status: "missed", delay_ms: null, reason: "off" })),
            cue("a", "pending", proof({ status: "pending", delay_ms: null, within_ms: 10_000 })),
            cue("b", "none"),
          ])
          const find = (query: Partial<CueQuery>, nowMs: number) =>
            Effect.map(store.allCues({ limit: 9, ...query }, nowMs), (found) =>
              found.map(({ channelId, cue }) => `${channelId} ${cue.description}`),
            )
          assert.deepStrictEqual(yield* find({}, 1000), ["b none", "a pending", "b missed", "a sent"])
          assert.deepStrictEqual(yield* find({ among: ["b"] }, 1000), ["b none", "b missed"])
          assert.deepStrictEqual(yield* find({ among: [] }, 1000), [])
          assert.deepStrictEqual(yield* find({ outcome: "missed" }, 1000), ["b missed"])
          // Nobody waits any more: it shows as missed, and is found as such.
          assert.deepStrictEqual(yield* find({ outcome: "missed" }, 17_000), ["a pending", "b missed"])
          const ofOne = yield* store.cues("a", { limit: 9, outcome: "missed" }, 17_000)
          assert.deepStrictEqual(
            ofOne.map(({ outputs }) => outputs[0]?.status),
            ["missed"],
          )
        }),
      )
    }),
  )

  it.scoped("have a store of a size", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          const { bytes, kind } = yield* store.size
          assert.strictEqual(kind, database)
          assert.isAbove(bytes ?? 0, 10_000)
        }),
      )
    }),
  )

  it.scoped("have accounts that are bound to tags, which come back as they were", () =>
    Effect.gen(function* () {
      yield* using(yield* file, ({ access }) =>
        Effect.gen(function* () {
          const rows = makeAccountRows(access)
          const at = "2026-01-02T03:04:05.000Z"
          const user = {
            name: "ada",
            role: "viewer",
            tags: ["a", "b"],
            password: "x",
            created_at: at,
            changed_at: at,
          } as const
          const key = {
            id: "k",
            name: "ci",
            role: "viewer",
            tags: [],
            prefix: "sd_",
            sha256: "0f",
            created_at: at,
          } as const
          yield* rows.putUser(user)
          yield* rows.insertKey(key)
          assert.deepStrictEqual(yield* rows.load, { users: [user], keys: [key] })
          yield* rows.putUser({ ...user, tags: ["c"] })
          assert.deepStrictEqual((yield* rows.load).users, [{ ...user, tags: ["c"] }])
        }),
      )
    }),
  )

  it.scoped("have an audit log that is searched by who, what, outcome and time", () =>
    Effect.gen(function* () {
      yield* using(yield* file, ({ access }) =>
        Effect.gen(function* () {
          const audit = makeAuditRows(access)
          const base = { address: "127.0.0.1", method: "POST", status: 200, detail: "" }
          const first = {
            actor: "user Ada",
            what: "start a channel",
            path: "/api/channels/news/start",
            outcome: "done" as const,
          }
          yield* audit.append({ ...base, ...first, at: "2026-01-02T03:04:05.678Z" })
          const second = { actor: "key ci", what: "delete a user", path: "/api/users/%_", outcome: "refused" as const }
          yield* audit.append({ ...base, ...second, at: "2026-01-03T03:04:05.678Z" })
          const find = (query: Omit<Parameters<typeof audit.list>[0], "limit">) =>
            Effect.map(audit.list({ limit: 9, ...query }), (found) => found.map(({ actor }) => actor))
          assert.deepStrictEqual(yield* find({}), ["key ci", "user Ada"])
          assert.deepStrictEqual(yield* find({ actor: "ADA" }), ["user Ada"])
          assert.deepStrictEqual(yield* find({ text: "NEWS" }), ["user Ada"])
          assert.deepStrictEqual(yield* find({ text: "%_" }), ["key ci"])
          assert.deepStrictEqual(yield* find({ outcome: "refused" }), ["key ci"])
          assert.deepStrictEqual(yield* find({ outcome: "failed" }), [])
          const noon = Date.parse("2026-01-02T12:00:00Z")
          assert.deepStrictEqual(yield* find({ sinceMs: noon }), ["key ci"])
          assert.deepStrictEqual(yield* find({ untilMs: noon }), ["user Ada"])
        }),
      )
    }),
  )
})

describe("the surroundings", () => {
  it.scoped("know the room of a directory that is not there yet, and of none", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const places = { dataDir: directory, hlsDir: `${directory}/not/yet`, recordingsDir: "/proc/self/mem/x" }
      const { disks } = yield* makeSurroundings(places, { size: Effect.succeed({ kind: "SQLite", bytes: 1 }) })
      const [data, hls, recordings] = disks
      assert.isAbove(data?.total ?? 0, 0)
      assert.isAtMost(data?.free ?? 0, data?.total ?? 0)
      assert.strictEqual(hls?.total, data?.total)
      assert.deepInclude(recordings, { setting: "RECORDINGS_DIR", free: null, total: null })
    }),
  )
})
