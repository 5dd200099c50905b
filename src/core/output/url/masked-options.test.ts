import { describe, expect, it } from "vitest"
import { maskSecrets, parseOutputUrl } from "../output-url.ts"

/** Names of secrets in URLs as customers write them: signed URLs, tokens of CDNs, logins of media servers. */
const NAMES = [
  "token",
  "tok",
  "key",
  "auth",
  "sig",
  "signature",
  "hdnts",
  "X-Amz-Signature",
  "jwt",
  "pass",
  "pwd",
  "secret",
  "access_token",
  "api_key",
  "st",
  "credential",
  "policy",
  "sas",
  "k",
]
const SECRET = "CANARYx7q"

describe.each([
  "https://127.0.0.1/p/index.m3u8?",
  "rtsp://127.0.0.1/live?",
  "srt://127.0.0.1:9000?streamid=live/x%3F",
  "srt://127.0.0.1:9000?",
])("a secret behind %s", (before) => {
  it.each(NAMES)("as %s is in nothing that is shown", (name) => {
    const url = `${before}${name}=${SECRET}`
    const parsed = parseOutputUrl(url)
    const told = JSON.stringify(parsed.ok ? [parsed.options, parsed.ignored, parsed.warnings] : parsed.errors)
    expect(maskSecrets(url)).not.toContain(SECRET)
    expect(told).not.toContain(SECRET)
  })
})

it.each(NAMES)("the application of an RTMP URL is shown without its %s", (name) => {
  const url = `rtmp://127.0.0.1/live?backup=1&${name}=${SECRET}/KEYX`
  const parsed = parseOutputUrl(url)
  if (!parsed.ok || parsed.target.protocol !== "rtmp") throw new Error("is no RTMP URL")
  expect(parsed.options).toMatchObject({ app: `live?backup=1&${name}=***` })
  expect(maskSecrets(url)).not.toContain(SECRET)
  // The URL that is used keeps the secret.
  expect(parsed.target.url.app).toContain(SECRET)
})
