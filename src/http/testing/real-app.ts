/** The app in front of the real control plane, over a real store and an engine without a process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Layer, Logger, LogLevel, Option, Scope } from "effect"
import type { Hono } from "hono"
import { type AccountsService, makeAccounts } from "../../effects/accounts/Accounts.ts"
import { makeAccountRows } from "../../effects/accounts/account-rows.ts"
import { makeAuditRows } from "../../effects/accounts/audit-rows.ts"
import { AppConfig, type AppConfigService } from "../../effects/config/AppConfig.ts"
import { EngineClient } from "../../effects/engine/EngineClient.ts"
import { layerFile, Store, type StoreService } from "../../effects/store/Store.ts"
import { type ControlPlane, controlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { CHEAP_PASSWORDS } from "../../effects/testing/accounts.ts"
import { appConfig } from "../../effects/testing/configs.ts"
import { ControlPlaneLive } from "../../effects/testing/control-plane.ts"
import { type FakeEngine, makeFakeEngine } from "../../effects/testing/FakeEngine.ts"
import { makeApp } from "../App.ts"
import type { AccessSettings } from "../access/auth.ts"
import { OPEN } from "./test-app.ts"

export interface RealApp {
  readonly app: Hono
  readonly accounts: AccountsService
  readonly plane: ControlPlane
  readonly store: StoreService
  readonly engine: FakeEngine
  readonly dataDir: string
  /** Lines that were logged. */
  readonly logs: ReadonlyArray<string>
  /** Errors that were logged, with their causes; none, unless a handler failed. */
  readonly errors: ReadonlyArray<string>
  /** Sends a request with an optional JSON body; the answer's body is read as JSON where it is JSON. */
  readonly call: <A = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ readonly status: number; readonly body: A; readonly text: string; readonly headers: Headers }>
  readonly stop: () => Promise<void>
}

export interface RealAppOptions {
  readonly settings?: AccessSettings
  readonly config?: Partial<AppConfigService>
  /** Files to put into the data directory. */
  readonly files?: Readonly<Record<string, string>>
  /** Data directory of an earlier run, which is kept. */
  readonly dataDir?: string
  /** Whether the audit log has a file of its own, so that only changes are written to the store's. */
  readonly auditApart?: boolean
  /** Services in the place of the real ones. */
  readonly over?: Partial<Pick<ControlPlane, "nodes">>
}

/** Starts the app; fails with the reason when the service refuses to start. */
export const startRealApp = async (options: RealAppOptions = {}): Promise<RealApp> => {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "distributor-"))
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(dataDir, name), text)
  const logs: string[] = []
  const errors: string[] = []
  const logger = Logger.make(({ cause, logLevel, message }) => {
    const line = (Array.isArray(message) ? message : [message]).map(String).join(" ")
    logs.push(line)
    if (LogLevel.greaterThanEqual(logLevel, LogLevel.Error)) errors.push(`${line} ${String(cause)}`)
  })
  const scope = await Effect.runPromise(Scope.make())
  const layer = Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const context = yield* Layer.buildWithScope(
      ControlPlaneLive.pipe(
        Layer.provideMerge(layerFile(join(dataDir, "distributor.db"))),
        Layer.provide(Layer.succeed(EngineClient, engine.service)),
        Layer.provide(Layer.succeed(AppConfig, { ...appConfig(dataDir), ...options.config })),
      ),
      scope,
    )
    const runtime = yield* Effect.runtime<never>()
    const store = yield* Effect.provide(Store, context)
    const access = {
      apiKey: Option.isSome((options.settings ?? OPEN).apiKey),
      mayBeOpen: true,
      sessionKey: new Uint8Array(32),
      passwordCost: CHEAP_PASSWORDS,
    }
    const accounts = yield* makeAccounts(makeAccountRows(store.access), access)
    const audited =
      options.auditApart === true
        ? yield* Effect.provide(Store, yield* Layer.buildWithScope(layerFile(join(dataDir, "audit.db")), scope))
        : store
    return { engine, store, audited, accounts, plane: yield* Effect.provide(controlPlane, context), runtime }
  }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  const { accounts, audited, engine, plane, runtime, store } = await Effect.runPromise(layer).catch(
    async (error: unknown) => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
      throw error
    },
  )
  const app = makeApp({
    plane: { ...plane, ...options.over },
    accounts,
    audit: makeAuditRows(audited.access),
    settings: { timeZone: "UTC", ...options.config, ...(options.settings ?? OPEN) },
    runtime,
  })
  return {
    app,
    accounts,
    plane,
    store,
    engine,
    dataDir,
    logs,
    errors,
    call: async (method, path, body, headers = {}) => {
      const answer = await app.request(path, {
        method,
        headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = /json/.test(answer.headers.get("content-type") ?? "") && text !== ""
      return { status: answer.status, body: isJson ? JSON.parse(text) : null, text, headers: answer.headers }
    },
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** Starts apps and ends them with their data; for `afterEach`. */
export const makeRealApps = () => {
  const started: RealApp[] = []
  return {
    start: async (options?: RealAppOptions): Promise<RealApp> => {
      const app = await startRealApp(options)
      started.push(app)
      return app
    },
    stopAll: async () => {
      for (const app of started.splice(0)) {
        await app.stop()
        rmSync(app.dataDir, { recursive: true, force: true })
      }
    },
  }
}

/** What `makeRealApps` gives to a file of tests. */
export type RealApps = ReturnType<typeof makeRealApps>
