import { spawn } from "node:child_process"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { DATABASES, execute, failInserts, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { MIGRATIONS } from "./sqlite/migrations.ts"

const channels = (path: string) => using(path, (store) => store.load)
/** How messages name a store. */
const nameOf = (place: string) => place.replace(/:[^:@/]+@/, "@")

describe.each(DATABASES)("Store in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.scoped("gives back after a restart what was stored", () =>
    Effect.gen(function* () {
      const path = yield* file
      const channel = channelConfig({
        backup_rtp_ip: "127.0.0.2",
        backup_rtp_port: 5001,
        input: { interface: "eth0", rcvbuf: 1000000 },
        tags: ["east-2", "sport"],
        autostart: true,
        outputs: [
          outputConfig(),
          outputConfig({ id: "out-2", slug: "b", enabled: false, url: "srt://h:1?passphrase=0123456789" }),
          outputConfig({
            id: "out-3",
            slug: "c",
            protocol: "rtmp",
            url: "rtmp://h/live",
            stream_key: " k'\"?&%é",
            settings: {
              cue_points: "youtube",
              codecs: ["hevc"],
              verify_tls: false,
              retry_attempts: 0,
              retry_delay_s: 15,
            },
            preset: "twitch",
          }),
        ],
      })
      const { number: _, ...rest } = channel
      yield* using(path, (store) => store.insertChannel(rest))
      assert.deepStrictEqual(yield* channels(path), [channel])
    }),
  )

  it.scoped("reads outputs that an older version stored", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* oldSchema(path, 3)
      yield* execute(
        path,
        `
         INSERT INTO channels (number, id, slug, name, rtp_ip, rtp_port, input, autostart, should_run, created_at)
           VALUES (1, 'ch-1', 'news', 'News', '127.0.0.1', 5000, '{}', 0, 0, '2026-01-02T03:04:05.000Z');
         INSERT INTO outputs (id, channel_id, slug, name, protocol, url, enabled, created_at)
           VALUES ('out-1', 'ch-1', 'srt-1', 'SRT 1', 'srt', 'srt://192.0.2.1:9000', 1, '2026-01-02T03:04:05.000Z')`,
      )
      assert.deepStrictEqual(yield* channels(path), [channelConfig()])
    }),
  )

  it.scoped("changes channels and outputs", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const channel = yield* store.insertChannel(channelConfig())
          yield* store.updateChannel({ ...channel, name: "Sport", rtp_port: 6000, backup_rtp_ip: null })
          yield* store.setShouldRun(channel.id, true)
          yield* store.insertOutput(channel.id, outputConfig({ id: "out-2", slug: "b" }))
          yield* store.updateOutput(outputConfig({ name: "Renamed", enabled: false }))
        }),
      )
      const [channel] = yield* channels(path)
      assert.deepInclude(channel, { name: "Sport", rtp_port: 6000, should_run: true })
      assert.deepStrictEqual(
        channel?.outputs.map((o) => [o.id, o.name, o.enabled]),
        [
          ["out-1", "Renamed", false],
          ["out-2", "SRT 1", true],
        ],
      )
      yield* using(path, (store) => store.deleteOutput("out-1"))
      assert.strictEqual((yield* channels(path))[0]?.outputs.length, 1)
    }),
  )

  it.scoped("never gives the number of a deleted channel to another", () =>
    Effect.gen(function* () {
      const path = yield* file
      const insert = (n: number) =>
        using(path, (s) => s.insertChannel(channelConfig({ id: `c${n}`, slug: `c${n}`, outputs: [] })))
      assert.strictEqual((yield* insert(1)).number, 1)
      assert.strictEqual((yield* insert(2)).number, 2)
      yield* using(path, (store) => store.deleteChannel("c2"))
      assert.strictEqual((yield* insert(3)).number, 3)
    }),
  )

  it.scoped("stores a channel with all its outputs or not at all, and works on after a failure", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const twice = [outputConfig(), outputConfig({ slug: "other" })]
          const error = yield* Effect.flip(store.insertChannel(channelConfig({ outputs: twice })))
          assert.strictEqual(error._tag, "StoreError")
          assert.match(error.message, /unique/i)
          assert.deepStrictEqual(yield* store.load, [])
          yield* store.insertChannel(channelConfig())
        }),
      )
      assert.strictEqual((yield* channels(path)).length, 1)
    }),
  )

  it.scoped("reports a full disk, keeps what there was, and works on when there is room again", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) => store.insertChannel(channelConfig()))
      yield* failInserts(path, "outputs", "NEW.enabled >= 0")
      yield* using(path, (store) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(
            store.insertChannel(channelConfig({ id: "c2", slug: "c2", outputs: [outputConfig({ id: "o2" })] })),
          )
          assert.include(error.message, "disk is full")
          assert.strictEqual((yield* store.load).length, 1)
          yield* store.setShouldRun("ch-1", true)
          assert.isTrue(yield* store.ok)
        }),
      )
    }),
  )

  it.scoped("refuses a file that a newer version wrote, naming it", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* channels(path)
      yield* execute(path, `INSERT INTO migrations (version) VALUES (${MIGRATIONS.length + 1})`)
      const error = yield* Effect.flip(channels(path))
      assert.strictEqual(error._tag, "StartRefused")
      assert.include(error.message, nameOf(path))
      assert.match(error.message, /newer version .*install that version here as well/)
    }),
  )

  it.scoped("refuses rows it does not understand instead of dropping them", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* using(path, (store) => store.insertChannel(channelConfig()))
      yield* execute(path, "UPDATE outputs SET protocol = 'pigeon'")
      const error = yield* Effect.flip(channels(path))
      assert.include(error.message, "pigeon")
    }),
  )

  it.live("row 38: holds every acknowledged change, and no half of one, after kill -9 at any moment", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const script = fileURLToPath(new URL("../testing/store-writer.ts", import.meta.url))
        for (const killAfter of [1, 7, 25]) {
          const acknowledged = yield* Effect.async<number>((resume) => {
            const args = ["Deno" in globalThis ? ["run", "-A"] : [], script, path].flat()
            const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
            let lines = 0
            child.stdout.on("data", (chunk: Buffer) => {
              lines += chunk.toString().split("\n").length - 1
              if (lines >= killAfter) child.kill("SIGKILL")
            })
            child.once("close", () => resume(Effect.succeed(lines)))
          })
          const stored = yield* channels(path)
          assert.isAtLeast(stored.length, acknowledged)
          assert.isAtMost(stored.length, acknowledged + 1)
          assert.isTrue(stored.every((channel) => channel.outputs.length === 3))
          yield* using(path, (store) => Effect.forEach(stored, (c) => store.deleteChannel(c.id)))
        }
      }),
    ),
  )
})

describe("Store in a SQLite file", () => {
  const file = places("SQLite", temporaryDirectory)

  it.scoped("refuses a damaged file, naming it, and leaves it as it is", () =>
    Effect.gen(function* () {
      const path = yield* file
      const many = Array.from({ length: 200 }, (_, n) => outputConfig({ id: `o${n}`, slug: `o${n}` }))
      yield* using(path, (store) => store.insertChannel(channelConfig({ outputs: many })))
      const bytes = readFileSync(path)
      bytes.fill(0xa5, 8192, 20000)
      writeFileSync(path, bytes)
      const error = yield* Effect.flip(channels(path))
      assert.strictEqual(error._tag, "StartRefused")
      assert.include(error.message, path)
      assert.isTrue(readFileSync(path).subarray(8192, 20000).equals(bytes.subarray(8192, 20000)))
    }),
  )

  it.scoped("refuses a file that is no database", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "x.db")
      writeFileSync(path, "not a database, but a text of some length that somebody put here by mistake")
      const error = yield* Effect.flip(channels(path))
      assert.match(error.message, new RegExp(`${path} cannot be used: .*not a database`))
      assert.isAbove(statSync(path).size, 10)
    }),
  )
})
