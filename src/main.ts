/**
 * The service: its layers, and nothing else. `--demo` adds a channel with a test source; `--parent-pipe` is `npm start`'s.
 *
 * Shutdown (SIGTERM, SIGINT), in the reverse order of the layers below, each step with its own deadline, under 5 s in all:
 *   1. Demo        the test source is ended                                                0.5 s
 *   2. HttpLive    no new requests; those under way finish                                 1.5 s
 *   3. Distributor every channel's fibers: outputs closed one by one (SRT sends shutdown)  1.5 s
 *   4. Engine      told to close what is left and exit; killed when it does not            2 s
 *   5. Store       the database is closed                                                  1 s
 */
import { Effect, Layer } from "effect"
import { demoLayer } from "./Demo.ts"
import { Accounts } from "./effects/accounts/Accounts.ts"
import { AppConfig } from "./effects/config/AppConfig.ts"
import { LoggingLive } from "./effects/config/Logging.ts"
import { EngineClient } from "./effects/engine/EngineClient.ts"
import { EngineProcess } from "./effects/engine/EngineProcess.ts"
import { PriorityLive } from "./effects/engine/Priority.ts"
import { Store } from "./effects/store/Store.ts"
import { DistributorLive } from "./effects/supervisor/Supervisor.ts"
import { HttpLive, HttpServer } from "./http/HttpServer.ts"
import { endWithParent } from "./parent-pipe.ts"
import { runMain } from "./run-main.ts"

const DemoLive = Layer.unwrapEffect(Effect.map(HttpServer, ({ url }) => demoLayer(url)))
const Front = process.argv.includes("--demo") ? Layer.provideMerge(DemoLive, HttpLive) : HttpLive

// The engine is built upon the store: a file that cannot be used stops the start before any process is touched.
const EngineLive = EngineClient.Live.pipe(Layer.provide(EngineProcess.Live))

const MainLive = Front.pipe(
  Layer.provide(DistributorLive),
  Layer.provide(EngineLive),
  // Before any process is touched: it refuses to be open to other machines.
  Layer.provide(Accounts.Live),
  Layer.provide(Store.Live),
  Layer.provide(PriorityLive),
  Layer.provide(LoggingLive),
  Layer.provide(AppConfig.Live),
)

if (process.argv.includes("--parent-pipe")) endWithParent()
runMain(Layer.launch(MainLive))
