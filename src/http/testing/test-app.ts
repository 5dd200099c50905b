/** The app in front of a fake control plane, for `app.request(...)`. */
import { Effect, Logger, Option, Redacted } from "effect"
import type { Hono } from "hono"
import type { AccountsService } from "../../effects/accounts/Accounts.ts"
import { memoryAccounts, memoryAudit } from "../../effects/testing/accounts.ts"
import { type AppDeps, makeApp } from "../App.ts"
import type { AccessSettings } from "../access/auth.ts"
import type { CallNode } from "../nodes/call-node.ts"
import { medialiveWeb } from "../pages/medialive/medialive-web.ts"
import { type FakeControlPlane, type FakeOver, makeFakeControlPlane } from "./FakeControlPlane.ts"
import { fakeMediaLive } from "./fake-medialive.ts"

export const OPEN: AccessSettings = { host: "127.0.0.1", apiKey: Option.none(), auth: true }
/** Settings that ask for this key. */
export const withKey = (key: string): AccessSettings => ({
  host: "0.0.0.0",
  apiKey: Option.some(Redacted.make(key)),
  auth: true,
})

export interface TestApp {
  readonly app: Hono
  readonly plane: FakeControlPlane
  readonly accounts: AccountsService
  /** Lines that were logged. */
  readonly logs: ReadonlyArray<string>
  /** Sends a request with an optional JSON body. */
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>
}

export const makeTestApp = (
  options: {
    settings?: AppDeps["settings"]
    accounts?: AccountsService
    over?: FakeOver
    grafanaUrl?: Option.Option<string>
    /** How other nodes are asked. */
    call?: CallNode
    /** False for a service without `MEDIALIVE=on`. */
    medialive?: boolean
  } = {},
): TestApp => {
  const plane = makeFakeControlPlane(options.over)
  const logs: Array<string> = []
  const logger = Logger.make(({ cause, message }) => void logs.push(`${String(message)} ${String(cause)}`))
  const runtime = Effect.runSync(Effect.provide(Effect.runtime<never>(), Logger.replace(Logger.defaultLogger, logger)))
  const settings = options.settings ?? OPEN
  const accounts = options.accounts ?? memoryAccounts({ apiKey: Option.isSome(settings.apiKey) })
  const app = makeApp({
    plane,
    settings,
    accounts,
    audit: memoryAudit(),
    medialiveWeb: options.medialive === false ? null : medialiveWeb(fakeMediaLive),
    grafanaUrl: options.grafanaUrl ?? Option.none(),
    runtime,
    ...(options.call === undefined ? {} : { call: options.call }),
  })
  return {
    app,
    accounts,
    plane,
    logs,
    call: async (method, path, body, headers = {}) =>
      app.request(path, {
        method,
        headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
  }
}

/** The parts of a problem that tests look at. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

export const problemBody = async (response: Response): Promise<ProblemBody> => (await response.json()) as ProblemBody
