import { describe, expect, it } from "vitest"
import { givenSetting, maskedSettings, shownSetting } from "./shown-settings.ts"

const URL = "srt://192.0.2.8:9000?latency=200&passphrase=0123456789"
const SHOWN = "srt://192.0.2.8:9000?latency=200&passphrase=***"

describe("a setting as it is shown", () => {
  it("has no secret in it", () => {
    const settings = { backup_url: URL, s3_secret_access_key: "key", s3_region: "eu-central-1", keep_hours: 5 }
    expect(maskedSettings(settings)).toEqual({ ...settings, backup_url: SHOWN, s3_secret_access_key: "***" })
  })

  it("is null where it is none", () => {
    expect(shownSetting("s3_secret_access_key", null)).toBeNull()
    expect(shownSetting("backup_url", undefined)).toBeUndefined()
  })
})

describe("a setting that comes back", () => {
  it.each([
    ["a URL as it was shown", "backup_url", SHOWN, URL],
    [
      "a URL with another option, to the same host",
      "backup_url",
      SHOWN.replace("200", "400"),
      URL.replace("200", "400"),
    ],
    ["a URL to another host, which gets no secret", "backup_url", SHOWN.replace("2.8", "2.9"), null],
    ["a URL with a new secret", "backup_url", SHOWN.replace("***", "abcdefghij"), null],
    ["a URL with a mask for something that has no secret", "backup_url", `${SHOWN}&streamid=***`, null],
    ["a plain text that happens to be the mask", "s3_region", "***", null],
  ])("%s", (_, name, given, wanted) => {
    const old = name === "backup_url" ? URL : "eu-central-1"
    expect(givenSetting(name, given, old)).toBe(wanted ?? given)
  })

  it("masked has its secret again, where one is stored", () => {
    expect(givenSetting("s3_secret_access_key", "***", "key")).toBe("key")
    expect(givenSetting("s3_secret_access_key", "***", undefined)).toBe("***")
    expect(givenSetting("s3_secret_access_key", null, "key")).toBeNull()
  })
})
