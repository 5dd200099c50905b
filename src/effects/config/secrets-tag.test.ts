import { expect, it } from "vitest"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { makeSecretsTag } from "./secrets-tag.ts"
import { makeStateTag } from "./state-tag.ts"

const KEY = new Uint8Array(32).fill(1)
const SRT = "srt://h:1?passphrase="

const tagOf = (over: Partial<OutputConfig>, key = KEY) => {
  const channel = { ...channelConfig({ outputs: [outputConfig({ id: "o", ...over })] }), number: 1 } as ChannelConfig
  return makeSecretsTag(new Map([[channel.id, channel]]), makeStateTag(key))("o")
}

it("changes with every secret, and with nothing else", () => {
  const same = tagOf({ url: `${SRT}one-secret` })
  expect(same).toMatch(/^[\w-]{22}$/)
  expect(tagOf({ url: `${SRT}one-secret`, name: "other", enabled: false })).toBe(same)
  expect(tagOf({ url: `${SRT}two-secret` })).not.toBe(same)
  expect(tagOf({ url: `${SRT}one-secret`, stream_key: "k" })).not.toBe(same)
  const s3 = { s3_access_key_id: "id", s3_secret_access_key: "one" }
  expect(tagOf({ settings: s3 })).not.toBe(tagOf({ settings: { ...s3, s3_secret_access_key: "two" } }))
  expect(tagOf({ settings: s3 })).toBe(tagOf({ settings: { s3_secret_access_key: "one", s3_access_key_id: "id" } }))
})

it("cannot be made without the key", () => {
  expect(tagOf({ url: `${SRT}one-secret` }, new Uint8Array(32).fill(2))).not.toBe(tagOf({ url: `${SRT}one-secret` }))
})

it("follows outputs that come, change, move and go", () => {
  const configs = new Map<string, ChannelConfig>()
  const tag = makeSecretsTag(configs, makeStateTag(KEY))
  const put = (id: string, ...outputs: ReadonlyArray<OutputConfig>) =>
    configs.set(id, { ...channelConfig({ outputs: [...outputs] }), id, number: 1 } as ChannelConfig)
  expect(tag("o")).toBe("")
  put("a", outputConfig({ id: "o", url: `${SRT}one-secret` }))
  const first = tag("o")
  expect(first).not.toBe("")
  put("a", outputConfig({ id: "o", url: `${SRT}two-secret` }))
  expect(tag("o")).not.toBe(first)
  put("a")
  put("b", outputConfig({ id: "o", url: `${SRT}one-secret` }))
  expect(tag("o")).toBe(first)
  configs.clear()
  expect(tag("o")).toBe("")
})
