import { writeFileSync } from "node:fs"
import { request } from "node:https"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import { Effect, Logger, LogLevel, Option } from "effect"
import { assert } from "vitest"
import { selfSigned } from "../../test/e2e/certificates.ts"
import { memoryAccounts, memoryAudit } from "../effects/testing/accounts.ts"
import { temporaryDirectory } from "../effects/testing/temporary-directory.ts"
import { serveHttp } from "./HttpServer.ts"
import { makeFakeControlPlane } from "./testing/FakeControlPlane.ts"
import { withKey } from "./testing/test-app.ts"

const KEY = "a-key"
const files = Effect.map(temporaryDirectory, (directory) => {
  const made = selfSigned()
  const tls = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") }
  writeFileSync(tls.cert, made.cert)
  writeFileSync(tls.key, made.key)
  return { tls, ca: made.cert }
})
const serve = (tls: { readonly cert: string; readonly key: string }) =>
  serveHttp({ ...withKey(KEY), host: "127.0.0.1", port: 0, tls: Option.some(tls) }, makeFakeControlPlane(), {
    accounts: memoryAccounts({ apiKey: true }),
    audit: memoryAudit(),
  }).pipe(Logger.withMinimumLogLevel(LogLevel.Warning))

/** Posts the login form and returns the status and the cookie. */
const login = (url: string, ca: string) =>
  Effect.tryPromise(
    () =>
      new Promise<readonly [number | undefined, string]>((resolve, reject) => {
        const headers = { "Content-Type": "application/x-www-form-urlencoded" }
        const sent = request(`${url}/login`, { method: "POST", ca, headers }, (answer) => {
          answer.resume()
          answer.on("end", () => resolve([answer.statusCode, String(answer.headers["set-cookie"])]))
        })
        sent.on("error", reject)
        sent.end(`key=${KEY}`)
      }),
  ).pipe(Effect.timeout("5 seconds"))

describe("with a certificate", () => {
  it.scopedLive("speaks HTTPS, and marks cookies so", () =>
    Effect.gen(function* () {
      const { ca, tls } = yield* files
      const { url } = yield* serve(tls)
      assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
      const [status, cookie] = yield* login(url, ca)
      assert.strictEqual(status, 303)
      assert.include(cookie, "Secure")
    }),
  )

  it.scopedLive("refuses to start without the files, or with a key that is another's", () =>
    Effect.gen(function* () {
      const { tls } = yield* files
      const other = yield* files
      for (const pair of [
        { ...tls, cert: "/nonexistent/cert.pem" },
        { ...tls, key: other.tls.key },
      ]) {
        assert.include((yield* Effect.flip(serve(pair))).message, "TLS_CERT, TLS_KEY: cannot be used")
      }
    }),
  )
})
