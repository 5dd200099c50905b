import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { OutputTest } from "../../engine/protocol/messages.ts"
import { startControlPlane } from "../testing/control-plane.ts"
import { type FakeEngine, settle } from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

/** The engine answers dry runs with `test`. */
const start = (directory: string, test?: OutputTest) =>
  startControlPlane(directory, {
    over: (send) => (command) =>
      Effect.map(send(command), (reply) =>
        command.cmd === "test_output" && test !== undefined ? { ...reply, test } : reply,
      ),
  })
const fresh = Effect.flatMap(temporaryDirectory, (directory) => start(directory))
const opened = ({ sent }: FakeEngine) =>
  sent.flatMap((command) => (command.cmd === "open_output" ? [command.output] : []))
const news = { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5000, autostart: true }

describe("outputs with keys and settings", () => {
  it.scoped("go to the engine whole, and are never shown whole, across a restart", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = yield* start(directory)
      yield* first.plane.channels.create(news)
      const added = yield* first.plane.outputs.add("news", {
        preset: "youtube",
        stream_key: "s3cret-key",
        settings: { cue_points: "youtube" },
      })
      yield* settle
      assert.deepInclude(added, {
        url: "rtmps://a.rtmps.youtube.com:443/live2",
        stream_key: "***",
        preset: "youtube",
        protocol: "rtmp",
        warnings: [],
      })
      assert.notInclude(JSON.stringify(yield* first.plane.channels.list), "s3cret-key")
      const [spec] = opened(first.engine)
      assert.deepInclude(spec, {
        stream_key: "s3cret-key",
        settings: { audio: "silence", cue_points: "youtube", codecs: ["hevc"] },
      })
      yield* first.stop()
      const second = yield* start(directory)
      assert.deepInclude(opened(second.engine)[0], { stream_key: "s3cret-key", revision: spec?.revision })
      yield* second.stop()
    }),
  )

  it.scoped("are begun anew by a change of a setting, and not by what comes back as it was shown", () =>
    Effect.gen(function* () {
      const { plane, engine, stop } = yield* fresh
      yield* plane.channels.create({
        ...news,
        outputs: [{ name: "out", url: "rtmp://h/live", stream_key: "KEY", settings: { audio: "silence" } }],
      })
      yield* settle
      const shown = (yield* plane.channels.get("news")).outputs[0]
      assert(shown !== undefined)
      const back = { url: shown.url, stream_key: shown.stream_key, settings: shown.settings, preset: shown.preset }
      yield* plane.outputs.update("news", "out", back)
      yield* settle
      assert.lengthOf(opened(engine), 1)
      const changed = yield* plane.outputs.update("news", "out", { settings: { audio: null, verify_tls: false } })
      yield* settle
      assert.deepStrictEqual(changed.settings, { verify_tls: false })
      assert.deepInclude(opened(engine)[1], { stream_key: "KEY", settings: { verify_tls: false } })
      const refused = yield* Effect.flip(plane.outputs.update("news", "out", { settings: { keep_gb: 1 } }))
      assert.match(refused.message, /^settings\.keep_gb: is no setting of rtmp/)
      yield* stop()
    }),
  )

  it.scoped("that write to a directory have it for themselves, and are served while enabled", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { plane, engine, stop } = yield* start(directory)
      yield* plane.channels.create({
        ...news,
        outputs: [
          { name: "rec", url: "file://news" },
          { name: "web", url: "hls://news" },
        ],
      })
      yield* settle
      assert.deepStrictEqual(
        opened(engine).map((spec) => spec.directory),
        [join(directory, "recordings", "news"), join(directory, "hls", "news")],
      )
      const twin = yield* Effect.flip(plane.outputs.add("news", { url: "hls://news/inside" }))
      assert.strictEqual(twin._tag, "Conflict")
      assert.match(twin.message, /^url: .*lie one in the other$/)
      assert.strictEqual(yield* plane.hlsFiles.directory("news", null), join(directory, "hls", "news"))
      assert.strictEqual(yield* plane.hlsFiles.directory("1", "web"), join(directory, "hls", "news"))
      assert.strictEqual((yield* Effect.flip(plane.hlsFiles.directory("news", "rec")))._tag, "NotFound")
      yield* plane.outputs.stop("news", "web")
      assert.strictEqual((yield* Effect.flip(plane.hlsFiles.directory("news", null)))._tag, "NotFound")
      yield* stop()
    }),
  )
})

describe("a dry run", () => {
  const failed: OutputTest = {
    ok: false,
    steps: ["published s3cret-key", "to rtmp://h/live/s3cret-key"],
    error: { code: "rtmp_denied", message: "no such key: s3cret-key", transient: true },
    address: "192.0.2.1:1935",
    took_ms: 12,
  }

  it.scoped("asks the engine as the output would be opened, and repeats no secret", () =>
    Effect.gen(function* () {
      const { plane, engine, stop } = yield* start(yield* temporaryDirectory, failed)
      const test = yield* plane.dryRuns.ofNew({
        url: "rtmp://h/live",
        stream_key: "s3cret-key",
        settings: { verify_tls: false },
      })
      assert.deepInclude(test, { ok: false, address: "192.0.2.1:1935", took_ms: 12 })
      assert.notInclude(JSON.stringify(test), "s3cret-key")
      const [asked] = engine.sent.filter((command) => command.cmd === "test_output")
      assert.deepInclude(asked?.output, {
        url: "rtmp://h/live",
        stream_key: "s3cret-key",
        settings: { verify_tls: false },
      })
      assert.strictEqual((yield* Effect.flip(plane.dryRuns.ofNew({})))._tag, "InvalidInput")
      yield* plane.channels.create({
        ...news,
        autostart: false,
        outputs: [{ name: "out", url: "rtmp://h/live/s3cret-key" }],
      })
      assert.notInclude(JSON.stringify(yield* plane.dryRuns.ofExisting("news", "out")), "s3cret-key")
      assert.strictEqual((yield* Effect.flip(plane.dryRuns.ofExisting("news", "none")))._tag, "NotFound")
      yield* stop()
    }),
  )

  const passed: OutputTest = {
    ok: true,
    untested: null,
    steps: ["started"],
    error: null,
    address: "192.0.2.1:1935",
    took_ms: 9,
  }
  const untried: OutputTest = { ...passed, untested: "the stream key was not tried" }
  const askedOf = ({ sent }: FakeEngine) =>
    sent.flatMap((command) => (command.cmd === "test_output" ? [command.publish] : []))

  it.scoped("publishes where that starts no broadcast, and is never well of what was not tried (point 14)", () =>
    Effect.gen(function* () {
      const first = yield* start(yield* temporaryDirectory, passed)
      const own = { url: "rtmp://origin.example.com/live", stream_key: "s3cret-key" }
      assert.deepInclude(yield* first.plane.dryRuns.ofNew(own), { outcome: "ok", ok: true, untested: null })
      yield* first.plane.dryRuns.ofNew({ preset: "twitch", stream_key: "s3cret-key" })
      assert.deepStrictEqual(askedOf(first.engine), [{ query: "" }, { query: "bandwidthtest=true" }])
      yield* first.stop()

      const second = yield* start(yield* temporaryDirectory, untried)
      for (const output of [
        { preset: "youtube" as const, stream_key: "s3cret-key" },
        { url: "rtmp://a.rtmp.youtube.com/live2/s3cret-key" },
        { preset: "facebook" as const, stream_key: "s3cret-key" },
      ]) {
        const test = yield* second.plane.dryRuns.ofNew(output)
        assert.deepInclude(test, { outcome: "unknown", ok: false, error: null })
        assert.match(
          test.untested ?? "",
          /^the stream key was not tried: (YouTube|Facebook) Live.* as soon as somebody publishes$/,
        )
      }
      assert.deepStrictEqual(askedOf(second.engine), [undefined, undefined, undefined])
      yield* second.stop()

      // An engine from before this: its word that all is well says nothing of the key.
      const { untested: _, ...old } = passed
      const third = yield* start(yield* temporaryDirectory, old)
      assert.deepInclude(yield* third.plane.dryRuns.ofNew(own), { outcome: "unknown", ok: false })
      assert.deepInclude(yield* third.plane.dryRuns.ofNew({ url: "srt://h:1" }), { outcome: "ok", ok: true })
      yield* third.stop()
    }),
  )

  it.scoped("that the engine refuses is an outcome, one it does not answer is a failure", () =>
    Effect.gen(function* () {
      const { plane, engine, stop } = yield* fresh
      const silent = yield* Effect.flip(plane.dryRuns.ofNew({ url: "srt://h:1" }))
      assert.strictEqual(silent._tag, "EngineUnavailable")
      engine.refuse = () => ({ code: "libsrt_missing", message: "libsrt is not installed", transient: false })
      assert.deepInclude(yield* plane.dryRuns.ofNew({ url: "srt://h:1" }), {
        ok: false,
        error: { code: "libsrt_missing", message: "libsrt is not installed", transient: false },
      })
      yield* stop()
    }),
  )
})

it.scopedLive("what RTSP outputs of an earlier run left behind is cleared away at the start", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    mkdirSync(join(directory, "run"))
    const pid = join(directory, "run", "gone.pid")
    writeFileSync(pid, "999999999\n")
    const { stop } = yield* start(directory)
    yield* Effect.sleep(20).pipe(Effect.repeat({ until: () => !existsSync(pid) }), Effect.timeout("5 seconds"))
    yield* stop()
  }),
)
