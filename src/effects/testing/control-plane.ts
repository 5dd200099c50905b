/** The real control plane over a fake engine and a store in a file. */
import { join } from "node:path"
import { Effect, Exit, Layer, Scope } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import { layerFile } from "../store/Store.ts"
import { Distributor } from "../supervisor/Distributor.ts"
import { DistributorLive } from "../supervisor/Supervisor.ts"
import { appConfig } from "./configs.ts"
import { makeFakeEngine, settle } from "./FakeEngine.ts"

type Send = EngineClientService["send"]

/** @param over puts itself before the engine's `send` */
export const startControlPlane = (directory: string, over: (send: Send) => Send = (send) => send) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      DistributorLive.pipe(
        Layer.provide(layerFile(join(directory, "distributor.db"))),
        Layer.provide(Layer.succeed(EngineClient, { ...engine.service, send: over(engine.service.send) })),
        Layer.provide(Layer.succeed(AppConfig, appConfig(directory))),
      ),
      scope,
    )
    yield* settle
    return { engine, distributor: yield* Effect.provide(Distributor, context), stop: Scope.close(scope, Exit.void) }
  })
