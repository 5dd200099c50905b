import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import { execa } from "execa"
import { CONTROL_PLANE_NICE, raisePriority } from "../../engine/system/priority.ts"
import { isAlive } from "../engine/os-process.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { clearLeftovers, endLeftover, type FeedOptions, feedArguments, hasLeftover, startFeed } from "./rtsp-feed.ts"

/** A directory with a program that stands in for ffmpeg; `$pipe` is the FIFO. */
const place = (script: string) =>
  Effect.map(temporaryDirectory, (directory): FeedOptions => {
    const ffmpeg = join(directory, "ffmpeg")
    writeFileSync(ffmpeg, `#!/bin/sh\nfor a in "$@"; do case "$a" in */out-1-*) pipe="$a";; esac; done\n${script}\n`)
    chmodSync(ffmpeg, 0o700)
    const url = "rtsp://me:s3cret@192.0.2.1/live"
    return {
      runDir: join(directory, "run"),
      ffmpeg,
      outputId: "out-1",
      attempt: "1",
      url,
      transport: "tcp",
      elsewhere: true,
    }
  })
const STREAMING = "echo frame=1; echo progress=continue; exec cat $pipe > $pipe.copy"
const pidIn = ({ runDir }: FeedOptions) => Number(readFileSync(join(runDir, "out-1.pid"), "utf8"))
const within = <A, E>(effect: Effect.Effect<A, E>) => Effect.timeout(effect, "8 seconds")

const isRoot = process.getuid?.() === 0

describe("the ffmpeg of an RTSP output", () => {
  it.scopedLive.skipIf(!isRoot)("does not have the priority of the control plane", () =>
    Effect.gen(function* () {
      const options = yield* place(`nice > $pipe.copy; ${STREAMING.replace("> $pipe.copy", "> /dev/null")}`)
      yield* Effect.acquireRelease(
        Effect.sync(() => raisePriority(CONTROL_PLANE_NICE)),
        () => Effect.sync(() => setPriority(0)),
      )
      const feed = yield* startFeed(options)
      yield* within(Deferred.await(feed.streaming))
      assert.strictEqual(readFileSync(`${feed.pipe}.copy`, "utf8").trim(), "0")
      assert.strictEqual(getPriority(), CONTROL_PLANE_NICE)
    }),
  )

  it.scopedLive("streams from a FIFO that only we can read, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const options = yield* place(STREAMING)
      const scope = yield* Scope.make()
      const feed = yield* Scope.extend(startFeed(options), scope)
      yield* within(Deferred.await(feed.streaming))
      assert.isNumber(feed.lastSentMs())
      assert.isTrue(isAlive(pidIn(options)))
      yield* Effect.promise(() => execa("sh", ["-c", `test -p "${feed.pipe}" && ls -l "${feed.pipe}"`])).pipe(
        Effect.map(({ stdout }) => assert.match(stdout, /^prw------- /)),
      )
      const pid = pidIn(options)
      yield* within(Scope.close(scope, Exit.void))
      assert.isFalse(isAlive(pid))
      assert.deepStrictEqual(
        readdirSync(options.runDir).filter((name) => !name.endsWith(".copy")),
        [],
      )
    }),
  )

  it.scopedLive("ends with its own reason, the password left out", () =>
    Effect.gen(function* () {
      const options = yield* place(
        'echo "[rtsp @ 0x5] rtsp://me:s3cret@192.0.2.1/live: method ANNOUNCE failed: 401 Unauthorized" >&2; exit 1',
      )
      const feed = yield* startFeed(options)
      const end = yield* within(Deferred.await(feed.ended))
      assert.deepInclude(end, { code: "ffmpeg", transient: true })
      assert.strictEqual(
        end.reason,
        "ffmpeg ended: rtsp://me:***@192.0.2.1/live: method ANNOUNCE failed: 401 Unauthorized",
      )
    }),
  )

  it.scopedLive("ends with its exit code when it says nothing, and with its input", () =>
    Effect.gen(function* () {
      const silent = yield* startFeed(yield* place("exit 187"))
      assert.strictEqual((yield* within(Deferred.await(silent.ended))).reason, "ffmpeg ended: exit code 187")
      const fed = yield* startFeed(yield* place(STREAMING))
      yield* within(Effect.promise(() => execa("sh", ["-c", `echo TS > "${fed.pipe}"`])))
      assert.strictEqual((yield* within(Deferred.await(fed.ended))).reason, "ffmpeg ended: its input ended")
      assert.strictEqual(readFileSync(`${fed.pipe}.copy`, "utf8"), "TS\n")
    }),
  )

  it.scopedLive("is killed when it does not listen", () =>
    Effect.gen(function* () {
      const options = yield* place("trap '' TERM; echo frame=1; while :; do sleep 0.05; done")
      const scope = yield* Scope.make()
      const feed = yield* Scope.extend(startFeed(options), scope)
      yield* within(Deferred.await(feed.streaming))
      const pid = pidIn(options)
      yield* within(Scope.close(scope, Exit.void))
      assert.isFalse(isAlive(pid))
    }),
  )

  it.scopedLive("that is not installed is named with its package", () =>
    Effect.gen(function* () {
      const options = yield* place("exit 0")
      const feed = yield* startFeed({ ...options, ffmpeg: "/nonexistent/ffmpeg" })
      const end = yield* within(Deferred.await(feed.ended))
      assert.deepInclude(end, { code: "ffmpeg_missing", transient: false })
      assert.include(end.reason, "apt-get install ffmpeg")
    }),
  )

  it.scopedLive("of a control plane that was killed is found and ended, and nobody else's process", () =>
    Effect.gen(function* () {
      const options = yield* place(STREAMING)
      const scope = yield* Scope.make()
      const feed = yield* Scope.extend(startFeed(options), scope)
      yield* within(Deferred.await(feed.streaming))
      const { runDir } = options
      yield* clearLeftovers(runDir, (id) => id === "out-1")
      assert.isTrue(hasLeftover(runDir, "out-1"))
      yield* within(clearLeftovers(runDir, () => false))
      yield* within(Deferred.await(feed.ended))
      assert.isFalse(hasLeftover(runDir, "out-1"))
      writeFileSync(join(runDir, "out-1.pid"), `${process.pid}\n`)
      yield* endLeftover(runDir, "out-1")
      assert.isFalse(existsSync(join(runDir, "out-1.pid")))
      yield* within(Scope.close(scope, Exit.void))
    }),
  )

  it("copies video and audio alone, over the transport that is asked for", () => {
    const args = feedArguments({ transport: "udp", url: "rtsp://h/x" }, "/run/fifo")
    assert.includeMembers([...args], ["/run/fifo", "copy", "0:v?", "0:a?"])
    assert.deepStrictEqual(args.slice(-3), ["-rtsp_transport", "udp", "rtsp://h/x"])
  })
})
