/** Has the death of this control plane noticed by the next one, and keeps that of the one before (`Crashes`). */
import { Context, Effect, Layer, Schedule, SubscriptionRef } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { maskText } from "../config/Logging.ts"
import { type LogCopy, ServiceLogCopy } from "../config/log-copy.ts"
import { Crashes } from "./Crashes.ts"
import { type ControlLife, makeControlLife } from "./control-life.ts"
import { EngineClient } from "./EngineClient.ts"
import { enginesOf } from "./engine-state.ts"

/** How exactly the time of a death is known that came without a word. */
const EVERY = "5 seconds"
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const
const UNCAUGHT = ["uncaughtException", "unhandledRejection"] as const

/** Notes signals and errors that nobody caught, which end the process with code 1, as they would without this. */
const listen = (life: ControlLife, copy: LogCopy): (() => void) => {
  const told = (signal: string) => life.told(signal)
  const uncaught = (cause: unknown) => {
    const whole = maskText(cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause))
    try {
      copy.add(`${whole}\n`)
      life.dies(maskText(String(cause)).split("\n", 1)[0] ?? "")
      process.stderr.write(`distributor: nobody caught ${whole}\n`)
    } finally {
      process.exit(1)
    }
  }
  for (const signal of SIGNALS) process.on(signal, told)
  for (const event of UNCAUGHT) process.on(event, uncaught)
  return () => {
    for (const signal of SIGNALS) process.off(signal, told)
    for (const event of UNCAUGHT) process.off(event, uncaught)
  }
}

export class ControlPlaneLife extends Context.Tag("distributor/ControlPlaneLife")<ControlPlaneLife, ControlLife>() {
  /** Below all that has to end: what ends this has ended everything. */
  static readonly Live = Layer.scoped(
    ControlPlaneLife,
    Effect.gen(function* () {
      const { dataDir } = yield* AppConfig
      const copy = yield* ServiceLogCopy
      const life = makeControlLife(dataDir, copy)
      yield* Effect.acquireRelease(
        Effect.sync(() => listen(life, copy)),
        (forget) =>
          Effect.sync(() => {
            life.end()
            forget()
          }),
      )
      return life
    }),
  )
}

/**
 * Begins once an engine is attached: it serves one control plane, so that the one before is surely gone. Whoever is
 * refused the start leaves everything as it is.
 */
export const LifeBegins = Layer.scopedDiscard(
  Effect.gen(function* () {
    const life = yield* ControlPlaneLife
    const { recordControl } = yield* Crashes
    const { state } = yield* EngineClient
    const death = life.before()
    if (death !== null) {
      yield* recordControl(death)
      yield* Effect.logWarning(`${death.why}, last seen at ${death.at}; what is left of it is on the System page`)
    }
    life.begin()
    const look = Effect.map(SubscriptionRef.get(state), (now) => {
      const engines = enginesOf(now).filter(({ connected }) => connected).length
      life.look({ engines, channels: now.stats?.channels.map(({ id }) => id) ?? [] })
    })
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(EVERY)))
  }),
)
