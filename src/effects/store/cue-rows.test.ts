import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HLS_PROOF_WITHIN_MS, PROOF_WITHIN_MS } from "../channel/cues/scte35-proof.ts"
import type { CueProof, CueQuery, NewCue } from "../model/cue.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { newCue } from "../testing/cues.ts"
import { DATABASES, places, using as usingStore } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import type { CueBounds } from "./cue-rows.ts"
import { EVENT_BOUNDS } from "./event-rows.ts"
import { NO_WORD } from "./proof-deadline.ts"
import type { StoreService } from "./Store.ts"

/** Each call is a restart of the service. */
const using = <A, E>(path: string, use: (store: StoreService) => Effect.Effect<A, E>, bounds?: CueBounds) =>
  usingStore(path, use, EVENT_BOUNDS, bounds)
const addChannel = (store: StoreService, id: string) =>
  store.insertChannel(channelConfig({ id, slug: id, outputs: [outputConfig({ id: `out-${id}` })] }))
const write = (store: StoreService, ...cues: ReadonlyArray<Partial<NewCue>>) =>
  store.writeCues(cues.map((cue) => ({ id: null, cue: newCue(cue) })))
const find = (store: StoreService, query: Partial<CueQuery> = {}, id = "a", nowMs = 1000) =>
  Effect.map(store.cues(id, { limit: 100, ...query }, nowMs), (found) => found.map(({ description }) => description))
const named = (from: number, to: number, over: Partial<NewCue> = {}) =>
  Array.from({ length: to - from }, (_, n) => ({ ...over, at: 1000 * (from + n), description: `${from + n}` }))
const pending: CueProof = { output: "srt-1", status: "pending", at: null, delay_ms: null, reason: null }

describe.each(DATABASES)("cues in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("come back after a restart as they were, newest first, and keep what is changed later", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = newCue({
        at: 1_767_323_045_678,
        last_at: 1_767_323_046_000,
        event_ids: [7, 4_294_967_295],
        segmentation_type_ids: [0x34],
        upids: ['Ü "x"', "0xff"],
        pts: 2 ** 33 - 1,
        preroll_s: -0.25,
        errors: ["one", "two"],
        crc_ok: false,
        manual: true,
        outputs: [pending],
      })
      const ids = yield* using(path, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          return yield* store.writeCues([
            { id: null, cue: first },
            { id: null, cue: newCue({ event_id: null, event_ids: [], pts: null, preroll_s: null, duration_s: null }) },
          ])
        }),
      )
      assert.deepStrictEqual(ids, [1, 2])
      const sent: CueProof = {
        output: "srt-1",
        status: "sent",
        at: "2026-01-02T03:04:05.700Z",
        delay_ms: 12.5,
        reason: null,
        acknowledged_at: "2026-01-02T03:04:05.740Z",
        acknowledged_ms: 52.5,
      }
      const [second, found] = yield* using(path, (store) =>
        Effect.gen(function* () {
          const again = { id: 1, cue: { ...first, repeats: 3, last_at: 1_767_323_049_000, outputs: [sent] } }
          assert.deepStrictEqual(yield* store.writeCues([again]), [1])
          return yield* store.cues("a", { limit: 9 }, 0)
        }),
      )
      const { channelId: _, ...plain } = first
      assert.deepStrictEqual(found, {
        ...plain,
        id: 1,
        at: "2026-01-02T03:04:05.678Z",
        last_at: "2026-01-02T03:04:09.000Z",
        hex: "fc",
        repeats: 3,
        outputs: [sent],
      })
      assert.deepInclude(second, { id: 2, event_id: null, pts: null, preroll_s: null, duration_s: null })
    }),
  )

  it.scoped("are found by page, time, kind, command, segmentation type, event id and UPID, of one channel only", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* addChannel(store, "b")
          yield* write(
            store,
            { at: 1000, description: "0", kind: "out" },
            { at: 2000, description: "1", kind: "in", event_ids: [7, 8] },
            {
              at: 3000,
              description: "2",
              kind: "start",
              command: "time_signal",
              segmentation_type_ids: [0x30, 0x34],
              upids: ["SIGNAL:Abc%1"],
            },
            { at: 4000, description: "3", kind: "damaged", command: "unreadable", event_ids: [] },
            { channelId: "b", at: 4000, description: "b" },
          )
          const by = (query: Partial<CueQuery>) => find(store, query)
          const types = (
            kinds: NonNullable<CueQuery["types"]>["kinds"],
            commands: string[] = [],
            segmentations: number[] = [],
          ) => ({
            types: { kinds, commands, segmentations },
          })
          assert.deepStrictEqual(yield* by({}), ["3", "2", "1", "0"])
          assert.deepStrictEqual(yield* by({ limit: 1 }), ["3"])
          assert.deepStrictEqual(yield* by({ before: 3 }), ["1", "0"])
          assert.deepStrictEqual(yield* by({ sinceMs: 2000, untilMs: 4000 }), ["2", "1"])
          assert.deepStrictEqual(yield* by(types(["out", "in"])), ["1", "0"])
          assert.deepStrictEqual(yield* by(types(["in"], ["time_signal"])), ["2", "1"])
          assert.deepStrictEqual(yield* by(types([], [], [0x34, 0x99])), ["2"])
          assert.deepStrictEqual(yield* by(types([], [], [4])), [])
          assert.deepStrictEqual(yield* by({ eventId: 8 }), ["1"])
          assert.deepStrictEqual(yield* by({ upid: "nal:aBC" }), ["2"])
          assert.deepStrictEqual(yield* by({ upid: "%" }), ["2"])
          assert.deepStrictEqual(yield* by({ upid: "_" }), [])
          assert.deepStrictEqual(yield* find(store, {}, "b"), ["b"])
        }),
      )
    }),
  )

  it.scoped("are bounded per channel and in all, exactly, also after a restart", () =>
    Effect.gen(function* () {
      const path = yield* file
      const bounds = { perChannel: 5, inAll: 8 }
      const both = (store: StoreService) => Effect.forEach(["a", "b"], (id) => find(store, {}, id))
      yield* using(
        path,
        (store) =>
          Effect.gen(function* () {
            yield* addChannel(store, "a")
            yield* addChannel(store, "b")
            yield* write(store, ...named(0, 5))
            assert.strictEqual((yield* find(store)).length, 5)
            yield* write(store, ...named(5, 12))
            assert.deepStrictEqual(yield* both(store), [["11", "10", "9", "8", "7"], []])
          }),
        bounds,
      )
      yield* using(
        path,
        (store) =>
          Effect.gen(function* () {
            yield* write(store, ...named(0, 4, { channelId: "b" }))
            assert.deepStrictEqual(yield* both(store), [
              ["11", "10", "9", "8"],
              ["3", "2", "1", "0"],
            ])
          }),
        bounds,
      )
    }),
  )

  it.scoped("go with their channel; those that come late are left out, the others of their batch are not", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* addChannel(store, "b")
          yield* write(store, ...named(0, 2))
          yield* store.deleteChannel("a")
          const ids = yield* write(store, { description: "late" }, { channelId: "b", description: "kept" })
          assert.deepStrictEqual(ids, [null, 3])
          yield* addChannel(store, "a")
          assert.deepStrictEqual(yield* find(store), [])
          assert.deepStrictEqual(yield* find(store, {}, "b"), ["kept"])
        }),
      )
    }),
  )

  it.scoped("that a killed service left pending show as missed, but not before the engine had its time", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          yield* write(store, { at: 1000, outputs: [{ ...pending, within_ms: PROOF_WITHIN_MS }] })
          const proofs = (nowMs: number) => Effect.map(store.cues("a", { limit: 1 }, nowMs), ([cue]) => cue?.outputs)
          assert.deepStrictEqual(yield* proofs(16_000), [pending])
          assert.deepStrictEqual(yield* proofs(16_001), [{ ...pending, status: "missed", reason: NO_WORD }])
        }),
      )
    }),
  )

  it.scoped(
    "of an HLS output stay pending as long as its proof may take, in the list and in what is found as missed",
    () =>
      Effect.gen(function* () {
        yield* using(yield* file, (store) =>
          Effect.gen(function* () {
            yield* addChannel(store, "a")
            const hls = { ...pending, output: "hls-1" }
            const sent = {
              ...pending,
              output: "udp-1",
              status: "sent" as const,
              at: "1970-01-01T00:00:01.000Z",
              delay_ms: 2,
            }
            yield* write(store, {
              at: 1000,
              outputs: [{ ...hls, within_ms: HLS_PROOF_WITHIN_MS }, sent],
              description: "hls",
            })
            yield* write(store, { at: 1000, outputs: [hls], description: "older version" })
            yield* write(store, { at: 1000, outputs: [{ ...pending, within_ms: PROOF_WITHIN_MS }], description: "srt" })
            const shown = (nowMs: number) =>
              Effect.map(store.cues("a", { limit: 3 }, nowMs), (cues) =>
                cues.map(({ outputs }) => outputs[0]?.status).reverse(),
              )
            const missed = (nowMs: number) =>
              Effect.map(store.cues("a", { limit: 3, outcome: "missed" }, nowMs), (cues) =>
                cues.map(({ description }) => description).reverse(),
              )
            const endMs = 1000 + HLS_PROOF_WITHIN_MS + 5000
            assert.deepStrictEqual(yield* shown(16_001), ["pending", "pending", "missed"])
            assert.deepStrictEqual(yield* missed(16_001), ["srt"])
            assert.deepStrictEqual(yield* shown(endMs), ["pending", "pending", "missed"])
            assert.deepStrictEqual(yield* missed(endMs), ["srt"])
            assert.deepStrictEqual(yield* shown(endMs + 1), ["missed", "missed", "missed"])
            assert.deepStrictEqual(yield* missed(endMs + 1), ["hls", "older version", "srt"])
            const [cue] = yield* store.cues("a", { limit: 1 }, 2000)
            assert.deepStrictEqual(cue?.outputs, [pending])
          }),
        )
      }),
  )

  it.scoped("of a batch that fails are not there", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          const broken = { id: null, cue: { ...newCue(), description: null as unknown as string } }
          const error = yield* Effect.flip(store.writeCues([{ id: null, cue: newCue() }, broken]))
          assert.include(error.message, "the configuration store failed to store the cues")
          assert.deepStrictEqual(yield* find(store), [])
        }),
      )
    }),
  )

  it.scoped("are written in a few milliseconds when the history is full", () =>
    Effect.gen(function* () {
      yield* using(yield* file, (store) =>
        Effect.gen(function* () {
          yield* addChannel(store, "a")
          for (let n = 0; n < 10; n++) yield* write(store, ...named(1000 * n, 1000 * (n + 1)))
          const before = performance.now()
          for (let n = 0; n < 10; n++) yield* write(store, ...named(10_000 + 10 * n, 10_010 + 10 * n))
          assert.isBelow((performance.now() - before) / 10, 2000, "ms for ten cues with as many pruned")
          assert.deepStrictEqual((yield* find(store, { limit: 20_000 })).length, 10_000)
        }),
      )
    }),
  )
})
