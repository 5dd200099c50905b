import { describe, it } from "@effect/vitest"
import { Deferred, Effect, Logger, LogLevel, Queue, TestServices } from "effect"
import { Hono } from "hono"
import { assert } from "vitest"
import { memoryAccounts, memoryAudit } from "../../effects/testing/accounts.ts"
import { serveHttp } from "../HttpServer.ts"
import { makeFakeControlPlane } from "../testing/FakeControlPlane.ts"
import { OPEN } from "../testing/test-app.ts"
import { type LiveRegion, type LiveView, makeLivePages } from "./live-pages.ts"

/** Bounds an effect in time by the real clock. */
const soon = <A>(effect: Effect.Effect<A>) => TestServices.provideLive(Effect.timeout(effect, "5 seconds"))

// The clock stands still, so that no round comes by itself.
describe("open pages", () => {
  it.scoped("are rendered once more when something changes during a round", () =>
    Effect.gen(function* () {
      const live = makeLivePages(yield* Effect.runtime<never>())
      const begun = yield* Queue.unbounded<Deferred.Deferred<ReadonlyArray<LiveRegion>>>()
      const view: LiveView = Effect.gen(function* () {
        const round = yield* Deferred.make<ReadonlyArray<LiveRegion>>()
        yield* begun.offer(round)
        return yield* Deferred.await(round)
      })
      const app = new Hono().get("/live", (c) => live.stream(c, "list", view))
      const page = yield* Effect.promise(async () => app.request("/live"))
      const first = yield* begun.take
      live.refresh()
      yield* Deferred.succeed(first, [{ id: "rows", items: [{ id: "a", html: "read before the change" }] }])
      yield* soon(begun.take)
      yield* Effect.promise(async () => page.body?.cancel())
    }),
  )

  it.scoped("show a change when the feed tells of one", () =>
    Effect.gen(function* () {
      const plane = makeFakeControlPlane()
      const nobody = { accounts: memoryAccounts(), audit: memoryAudit() }
      const { url } = yield* serveHttp({ ...OPEN, host: "127.0.0.1", port: 0 }, plane, nobody)
      const page = yield* Effect.acquireRelease(
        Effect.promise(() => fetch(`${url}/live/channels`)),
        ({ body }) => Effect.promise(async () => body?.cancel().catch(() => {})),
      )
      const reader = page.body?.pipeThrough(new TextDecoderStream()).getReader()
      const next = soon(Effect.promise(async () => (await reader?.read())?.value ?? ""))
      assert.notInclude(yield* next, "Main event")
      yield* plane.channels.create({ name: "Main event", rtp_port: 5000 })
      plane.change()
      assert.include(yield* next, "Main event")
    }).pipe(Logger.withMinimumLogLevel(LogLevel.Warning)),
  )
})
