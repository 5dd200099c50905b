/** Configuration documents, and calls of `/api/config`. */
import { Effect } from "effect"
import type { ConfigAnswer } from "../../effects/declarative/Configuration.ts"
import type { ChannelDocument, ConfigDocument } from "../../effects/declarative/document.ts"
import { settle } from "../../effects/testing/FakeEngine.ts"
import type { RealApp } from "./real-app.ts"
import type { ProblemBody } from "./test-app.ts"

export const SECRET = "s3cr3t-key"
export const channel = (n: number, over: Partial<ChannelDocument> = {}): ChannelDocument => ({
  slug: `ch-${n}`,
  name: `Channel ${n}`,
  rtp_port: 5000 + 2 * n,
  autostart: true,
  outputs: [
    { slug: "cdn", url: `srt://192.0.2.1:${9000 + n}?passphrase=${SECRET}-${n}` },
    { slug: "youtube", preset: "youtube", stream_key: `${SECRET}-${n}` },
  ],
  ...over,
})
export const document = (...channels: ReadonlyArray<ChannelDocument>): ConfigDocument => ({ version: 1, channels })
export const fifty = Array.from({ length: 50 }, (_, n) => channel(n))

export const put = (app: RealApp, body: unknown, query = "") =>
  app.call<ConfigAnswer & ProblemBody>("PUT", `/api/config${query}`, body)
export const exported = async (app: RealApp) => (await app.call<ConfigDocument>("GET", "/api/config?secrets=1")).body
/** Commands that the engine received while `act` ran. */
export const during = async (app: RealApp, act: () => Promise<unknown>) => {
  await Effect.runPromise(settle)
  const before = app.engine.log().length
  await act()
  await Effect.runPromise(settle)
  return app.engine.log().slice(before)
}
