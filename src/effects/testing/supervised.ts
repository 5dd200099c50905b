/** A control plane over a real file and a fake engine, and channels for it to begin with. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { ChannelInput } from "../config/request-bodies.ts"
import { StoreError } from "../model/Errors.ts"
import { layerFile, Store } from "../store/Store.ts"
import { startControlPlane } from "./control-plane.ts"
import { type FakeEngine, settle } from "./FakeEngine.ts"
import { temporaryDirectory } from "./temporary-directory.ts"

const full = () => new StoreError({ operation: "store", cause: new Error("database or disk is full") })
/** The store in a file, which can be read and refuses every change. */
const refusing = (file: string) =>
  Layer.provide(
    Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        insertChannel: full,
        updateChannel: full,
        deleteChannel: full,
        setShouldRun: full,
        insertOutput: full,
        updateOutput: full,
        deleteOutput: full,
        appendEvents: full,
      })),
    ),
    layerFile(file),
  )

/** Starts the service in a directory: each call is a restart. `isRefusing` makes its store refuse every change. */
export const start = (directory: string, engine?: FakeEngine, isRefusing = false) =>
  startControlPlane(directory, {
    ...(engine === undefined ? {} : { engine }),
    ...(isRefusing ? { store: refusing(join(directory, "distributor.db")) } : {}),
  })
export const fresh = Effect.flatMap(temporaryDirectory, (directory) => start(directory))

export const news: ChannelInput = {
  name: "News",
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  outputs: [{ url: "srt://192.0.2.1:9000" }],
}
export const doubled: ChannelInput = { ...news, backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 }

/** Commands sent while an effect ran. */
export const during = (engine: FakeEngine, effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    yield* settle
    const before = engine.sent.length
    yield* Effect.orDie(effect)
    yield* settle
    return engine.sent.slice(before).map((c) => c.cmd)
  })
