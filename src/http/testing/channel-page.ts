/** The page of a running channel with two legs, for tests. */
import type { ChannelView } from "../../effects/model/channel.ts"
import { fakeInput, fakeLeg } from "./fake-views.ts"
import { makeTestApp } from "./test-app.ts"

type Options = Parameters<typeof makeTestApp>[0]
export const PAGE = "/channels/a"
export const BACKUP = fakeLeg({ source: "backup", port: 5001 })

export const start = async (over: Partial<ChannelView> = {}, options: Options = {}) => {
  const test = makeTestApp(options)
  await test.call("POST", "/api/channels", {
    name: "A",
    rtp_port: 5000,
    backup_rtp_ip: "0.0.0.0",
    backup_rtp_port: 5001,
  })
  test.plane.show("a", { status: "running", uptime: 5, input: fakeInput({ legs: [fakeLeg(), BACKUP] }), ...over })
  return test
}
export const page = async (test: ReturnType<typeof makeTestApp>, path = PAGE) => (await test.call("GET", path)).text()
export const shown = async (over: Partial<ChannelView>) => page(await start(over))
export const text = (html: string) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .replace(/ ([,.:;])/g, "$1")
