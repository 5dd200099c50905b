import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { specOf } from "../config/input-policy.ts"
import { channelConfig, outputHost } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { makeCrashes } from "./Crashes.ts"
import { EngineClient, layer } from "./EngineClient.ts"
import { layer as processLayer } from "./EngineProcess.ts"

const script = fileURLToPath(new URL("../testing/fake-engine-main.ts", import.meta.url))
const POISON = channelConfig({ id: "11111111-1111-4111-8111-111111111111", slug: "poison" })
const OTHER = channelConfig({ id: "22222222-2222-4222-8222-222222222222", slug: "other" })

it.live(
  "keeps a channel out that the engine died of three times within a minute, and no other, until it is released",
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const dataDir = yield* temporaryDirectory
        writeFileSync(join(dataDir, "behaviour.json"), JSON.stringify({ poison: POISON.id }))
        const crashes = makeCrashes(join(dataDir, "crashes"))
        const context = yield* Layer.build(Layer.provide(layer({ crashes }), processLayer({ dataDir, script })))
        const client = yield* Effect.provide(EngineClient, context)
        const host = outputHost()
        const connected = (after: number) =>
          client.link.changes.pipe(
            Stream.filter((link) => link.connected && link.generation > after),
            Stream.runHead,
            Effect.timeout("15 seconds"),
          )
        const put = (config: typeof POISON) =>
          Effect.flatMap(client.place(config, [POISON, OTHER]), (engine) =>
            Effect.either(engine.send({ cmd: "put_channel", channel: specOf(config, host) })),
          )

        for (let deaths = 0; deaths < 3; deaths++) {
          assert.deepStrictEqual(yield* crashes.keptOut, [])
          assert.strictEqual((yield* put(POISON))._tag, "Left")
          yield* connected(deaths + 1)
        }
        const refused = yield* put(POISON)
        assert.strictEqual(refused._tag === "Left" ? refused.left._tag : "", "EngineRefused")
        assert.match(
          refused._tag === "Left" ? refused.left.message : "",
          /kept out since .* died 3 times within a minute/,
        )
        assert.strictEqual((yield* put(OTHER))._tag, "Right")

        const list = yield* crashes.list
        assert.strictEqual(list.length, 3)
        assert.deepStrictEqual(list[0]?.handled, { channel_id: POISON.id, stage: "receiving" })
        assert.match(list[0]?.why ?? "", /ended with exit code 7/)
        const crash = yield* crashes.get(list[0]?.id ?? "")
        assert.match(crash?.log ?? "", /this stream is too much/)

        assert.isTrue(yield* crashes.release(POISON.id))
        assert.isFalse(yield* crashes.release(POISON.id))
        const again = yield* put(POISON)
        assert.strictEqual(again._tag === "Left" ? again.left._tag : "", "EngineUnavailable")
      }),
    ),
)
