/** Forms posted to the real control plane, and what it stores. */
import { Effect } from "effect"
import type { RealApp, RealApps } from "../../../testing/real-app.ts"

const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
export const post = (app: RealApp, path: string, fields: Record<string, string>, headers = {}) =>
  app.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
export const textOf = (html: string) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ")
export const start = async (apps: RealApps) => {
  const app = await apps.start()
  await app.call("POST", "/api/channels", { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5000 })
  return app
}
export const stored = async (app: RealApp) => (await Effect.runPromise(app.store.load)) ?? []
export const outputs = async (app: RealApp) => (await stored(app))[0]?.outputs ?? []
export const add = (app: RealApp, fields: Record<string, string>) =>
  post(app, "/outputs", { channel: "news", ...fields })
