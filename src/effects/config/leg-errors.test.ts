import { describe, expect, it } from "vitest"
import { channelConfig } from "../testing/configs.ts"
import { legErrors } from "./leg-errors.ts"

const legs = (input_url: string, backup_input_url: string | null = null) =>
  channelConfig({ input_url, backup_input_url })
const OFF = { allowPrivateTargets: false, ingest: null }
const ON = { allowPrivateTargets: true, ingest: null }

describe("legErrors", () => {
  it("refuses calls to private addresses with ALLOW_PRIVATE_TARGETS=off", () => {
    const both = legs("srt://203.0.113.7:9000", "srt://10.0.0.1:9000?mode=caller")
    expect(legErrors(both, OFF)).toEqual([
      {
        path: "backup_input_url",
        message: "10.0.0.1 is a private address, where ALLOW_PRIVATE_TARGETS=off lets no input call",
      },
    ])
    expect(legErrors(both, ON)).toEqual([])
    expect(legErrors(legs("srt://127.0.0.1:9000"), OFF, null, "channels[2].")).toMatchObject([
      { path: "channels[2].input_url" },
    ])
  })
  it("lets inputs listen wherever they are, and leaves names to the engine", () => {
    expect(legErrors(legs("srt://127.0.0.1:9000?mode=listener", "srt://encoder.example:9000"), OFF)).toEqual([])
  })
  it("leaves alone what was there before", () => {
    const before = legs("srt://127.0.0.1:9000")
    expect(legErrors({ ...before }, OFF, before)).toEqual([])
    expect(legErrors(legs("srt://127.0.0.1:9001"), OFF, before)).toHaveLength(1)
  })
  it("refuses a passphrase at the ingest port that is not the port's, and shows neither", () => {
    const host = { allowPrivateTargets: true, ingest: { port: 9000, passphrase: "of-the-port" } }
    const own = "srt://:9000?mode=listener&passphrase=of-the-channel"
    const [error, ...others] = legErrors(legs(own), host)
    expect(others).toEqual([])
    expect(error?.message).toContain("has a passphrase of its own, but port 9000 (SRT_INGEST_PORT)")
    expect(error?.message).not.toMatch(/of-the/)
    for (const fine of [
      "srt://:9000?mode=listener",
      "srt://:9000?mode=listener&passphrase=of-the-port",
      "srt://:9001?mode=listener&passphrase=of-the-channel",
      "srt://encoder.example:9000?passphrase=of-the-channel",
    ])
      expect(legErrors(legs(fine), host)).toEqual([])
    expect(legErrors(legs(own), { ...host, ingest: { port: 9000, passphrase: null } })).toEqual([])
  })
})
