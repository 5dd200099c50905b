/** The settings pages over the real control plane: who reads and posts them. */
import { expect } from "vitest"
import type { RealApp, RealApps } from "../../../testing/real-app.ts"
import { withKey } from "../../../testing/test-app.ts"

export const KEY = "the-environment-key"
export const ADMIN = { "X-API-Key": KEY }
export const PASSWORD = "correct horse battery"
export const SECRET = "Planted4711Secret"
const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
export type Headers = Record<string, string>

export const start = async (apps: RealApps) => {
  const app = await apps.start({ settings: withKey(KEY) })
  await app.call("POST", "/api/channels", { name: "News & more", rtp_ip: "127.0.0.1", rtp_port: 5000 }, ADMIN)
  return app
}
export const post = (app: RealApp, path: string, fields: Record<string, string> = {}, headers: Headers = ADMIN) =>
  app.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
export const get = async (app: RealApp, path: string, headers: Headers = ADMIN) =>
  (await app.call("GET", path, undefined, headers)).text
export const upload = (app: RealApp, document: string, headers: Headers = ADMIN) => {
  const body = `--x\r\nContent-Disposition: form-data; name="document"\r\n\r\n${document}\r\n--x--\r\n`
  return app.call("POST", "/settings/config/diff", body, {
    "Content-Type": "multipart/form-data; boundary=x",
    ...headers,
  })
}
export const sessionOf = (headers: globalThis.Headers): Headers => ({
  Cookie: (headers.get("set-cookie") ?? "").split(";")[0] ?? "",
})
export const user = async (app: RealApp, name: string, role: string): Promise<Headers> => {
  expect((await post(app, "/settings/users", { name, role, password: PASSWORD })).status).toBe(303)
  return sessionOf((await post(app, "/login", { user: name, password: PASSWORD }, {})).headers)
}
export const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
export const destinations = async (app: RealApp) =>
  (
    await app.call<{ destinations: ReadonlyArray<{ id: string }> }>(
      "GET",
      "/api/notifications/destinations",
      undefined,
      ADMIN,
    )
  ).body.destinations
