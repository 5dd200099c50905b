import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { AppConfig, type AppConfigService } from "../config/AppConfig.ts"
import { layerFile, Store } from "../store/Store.ts"
import { appConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { Accounts } from "./Accounts.ts"
import { makeAccountRows } from "./account-rows.ts"
import { makeAuditRows } from "./audit-rows.ts"
import { hashPassword, isPassword } from "./password.ts"

const PASSWORD = "correct horse battery"

/** Runs the accounts of a service with these settings on the store in that directory. */
const use = <A, E>(directory: string, over: Partial<AppConfigService>, act: Effect.Effect<A, E, Accounts | Store>) =>
  act.pipe(
    Effect.provide(
      Accounts.Live.pipe(
        Layer.provideMerge(layerFile(join(directory, "distributor.db"))),
        Layer.provide(Layer.succeed(AppConfig, { ...appConfig(directory), ...over })),
      ),
    ),
  )
const away = { host: "0.0.0.0" }

describe("Accounts", () => {
  it.scoped("refuses to be open to other machines, unless there is a key, a user or AUTH=off", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { message } = yield* Effect.flip(use(directory, away, Accounts))
      assert.include(message, "HOST: 0.0.0.0 is reachable from other machines; set API_KEY")
      yield* use(directory, { ...away, auth: false }, Accounts)
      yield* use(directory, { ...away, apiKey: Option.some(Redacted.make("k")) }, Accounts)
      yield* use(
        directory,
        {},
        Effect.flatMap(Accounts, ({ createUser }) => createUser({ name: "ada", password: PASSWORD, role: "admin" })),
      )
      yield* use(
        directory,
        away,
        Effect.gen(function* () {
          const accounts = yield* Accounts
          assert.deepStrictEqual(
            accounts.users().map(({ name }) => name),
            ["ada"],
          )
          assert.strictEqual((yield* accounts.login("ada", PASSWORD))?.name, "ada")
          assert.isNull(yield* accounts.login("ada", `${PASSWORD}.`))
          assert.isNull(yield* accounts.login("grace", PASSWORD))
          const { _tag } = yield* Effect.flip(accounts.removeUser("ada"))
          assert.strictEqual(_tag, "Conflict")
        }),
      )
    }),
  )

  it.scoped("stores no password and no key", () =>
    Effect.gen(function* () {
      const stored = yield* use(
        yield* temporaryDirectory,
        {},
        Effect.gen(function* () {
          const { createKey, createUser } = yield* Accounts
          yield* createUser({ name: "ada", password: PASSWORD, role: "admin" })
          const { key } = yield* createKey({ name: "ci", role: "viewer" })
          return { key, rows: JSON.stringify(yield* makeAccountRows((yield* Store).access).load) }
        }),
      )
      assert.include(stored.rows, "scrypt$32768$8$1$")
      assert.notInclude(stored.rows, PASSWORD)
      assert.notInclude(stored.rows, stored.key)
    }),
  )

  it.scoped("shows the audit log newest first, in pages", () =>
    Effect.gen(function* () {
      const entry = {
        at: "2026-01-02T03:04:05.678Z",
        actor: "user ada",
        address: "127.0.0.1",
        method: "POST",
        path: "/api/channels",
      }
      const rows = yield* use(
        yield* temporaryDirectory,
        {},
        Effect.gen(function* () {
          const audit = makeAuditRows((yield* Store).access)
          for (let status = 200; status < 205; status += 1)
            yield* audit.append({ ...entry, what: "x", status, outcome: "done", detail: "" })
          return [yield* audit.list({ limit: 2 }), yield* audit.list({ limit: 9, before: 3 })]
        }),
      )
      assert.deepStrictEqual(
        rows.map((page) => page.map(({ id, status }) => [id, status])),
        [
          [
            [5, 204],
            [4, 203],
          ],
          [
            [2, 201],
            [1, 200],
          ],
        ],
      )
    }),
  )
})

describe("passwords", () => {
  it.effect("are salted, and compared whatever form their letters have", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* hashPassword("Ärger mit Pässen"), yield* hashPassword("Ärger mit Pässen")]
      assert.notStrictEqual(a, b)
      assert.isTrue(yield* isPassword("Ärger mit Pässen".normalize("NFD"), a))
      assert.isFalse(yield* isPassword("ärger mit pässen", a))
      for (const stored of [undefined, "", "plain", a.slice(0, -4)])
        assert.isFalse(yield* isPassword("Ärger mit Pässen", stored))
    }),
  )
})
