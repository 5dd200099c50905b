import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DATABASES, execute, oldSchema, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { makeNotificationRows } from "./notification-rows.ts"

/** The last version of the schema whose mutes went by names alone. */
const BY_NAMES = 20
const AT = "2026-01-02T03:04:05.000Z"

describe.each(DATABASES)("mutes of an older version over %s", (database) => {
  const place = places(database, temporaryDirectory)

  it.scoped("are of what has their names, and those of what is gone go", () =>
    Effect.gen(function* () {
      const path = yield* place
      yield* oldSchema(path, BY_NAMES)
      const mutes = [
        ["all", null, null],
        ["channel", "news", null],
        ["output", "news", "srt-1"],
        ["no-output", "news", "gone"],
        ["no-channel", "gone", null],
        ["none", "gone", "srt-1"],
      ].map(
        (names) => `(${names.map((name) => (name === null ? "NULL" : `'${name}'`)).join(", ")}, '${AT}', 'x', '${AT}')`,
      )
      yield* execute(
        path,
        `INSERT INTO channels (number, id, slug, name, rtp_ip, rtp_port, input, autostart, should_run, created_at)
           VALUES (1, 'ch-1', 'news', 'News', '127.0.0.1', 5000, '{}', 0, 0, '${AT}');
         INSERT INTO outputs (id, channel_id, slug, name, protocol, url, enabled, created_at)
           VALUES ('out-1', 'ch-1', 'srt-1', 'SRT 1', 'srt', 'srt://192.0.2.1:9000', 1, '${AT}');
         INSERT INTO notification_mutes (id, channel, output, ends, author, created_at) VALUES ${mutes.join(", ")}`,
      )
      const kept = yield* using(path, (store) => makeNotificationRows(store.access).load)
      assert.deepStrictEqual(
        kept.mutes.map(({ channel_id, id, output_id }) => [id, channel_id, output_id]),
        [
          ["all", null, null],
          ["channel", "ch-1", null],
          ["output", "ch-1", "out-1"],
        ],
      )
    }),
  )
})
