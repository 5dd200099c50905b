import { describe, expect, it } from "vitest"
import { channelConfig, outputHost } from "../testing/configs.ts"
import { legsOf } from "./input-policy.ts"
import { legAddresses, shownAddresses, storedAddresses } from "./leg-address.ts"
import { usedPorts } from "./used-ports.ts"
import { changedChannel } from "./validate.ts"

const SECRET = "0123456789abcdef"
const CALLER = `srt://encoder.example:9000?mode=caller&passphrase=${SECRET}`
const LISTENER = "srt://:9100?mode=listener"
const rtp = channelConfig({ rtp_ip: "127.0.0.1", rtp_port: 5000 })
const changed = (old: typeof rtp, input: Parameters<typeof changedChannel>[1]) => {
  const channel = changedChannel(old, input)
  if (!channel.ok) throw new Error(JSON.stringify(channel.errors))
  return channel.value
}
const errorsOf = (input: Parameters<typeof legAddresses>[0], old = rtp) => {
  const found = legAddresses(input, old)
  return found.ok ? [] : found.errors
}
const srt = changed(rtp, { input_url: CALLER })

describe("addresses of legs", () => {
  it("change from RTP to SRT and back", () => {
    expect(srt).toMatchObject({ input_url: CALLER, rtp_ip: "encoder.example", rtp_port: 9000 })
    expect(changed(srt, { rtp_port: 5002 })).toMatchObject({ input_url: null, rtp_ip: "0.0.0.0", rtp_port: 5002 })
  })

  it("show a leg's URL masked, and take it back so", () => {
    const shown = shownAddresses(srt)
    expect(shown).toMatchObject({ rtp_ip: null, rtp_port: null })
    expect(shown.input_url).not.toContain(SECRET)
    expect(changed(srt, { name: "other", ...shown }).input_url).toBe(CALLER)
    expect(changed(srt, { input_url: `${shown.input_url}&latency=300` }).input_url).toBe(`${CALLER}&latency=300`)
  })

  it("keep no secret for another host", () => {
    const [error] = errorsOf({ input_url: "srt://other.example:9000?mode=caller&passphrase=***" }, srt)
    expect(error).toMatchObject({ path: "input_url", message: expect.stringContaining("masked") })
  })

  it("keep the secrets of a listener that listens elsewhere, and of no other", () => {
    const listens = changed(rtp, { input_url: `${LISTENER}&passphrase=${SECRET}` })
    const moved = "srt://127.0.0.1:9200?mode=listener&passphrase="
    expect(changed(listens, { input_url: `${moved}***` }).input_url).toBe(`${moved}${SECRET}`)
    for (const input_url of ["srt://other.example:9100?passphrase=***", "srt://:9200?mode=listener&streamid=***"])
      expect(errorsOf({ input_url }, listens)).toMatchObject([{ path: "input_url" }])
    expect(errorsOf({ input_url: `${moved}***` }, srt)).toMatchObject([{ path: "input_url" }])
  })

  it("are refused when a leg has both or neither", () => {
    expect(errorsOf({ input_url: CALLER, rtp_port: 5000 })).toMatchObject([{ path: "input_url" }])
    expect(errorsOf({ input_url: null, rtp_port: null })).toMatchObject([{ path: "rtp_port" }])
    expect(errorsOf({ backup_input_url: "udp://239.0.0.1:5000" })).toMatchObject([{ path: "backup_input_url" }])
  })

  it("give and take away a backup", () => {
    const both = changed(srt, { backup_input_url: LISTENER })
    expect(both).toMatchObject({ backup_rtp_ip: "0.0.0.0", backup_rtp_port: 9100 })
    expect(changed(both, { backup_input_url: null })).toMatchObject({ backup_rtp_ip: null, backup_rtp_port: null })
    expect(storedAddresses(both)).toEqual({ input_url: CALLER, backup_input_url: LISTENER })
  })

  it("become legs of the engine, of which only a listener claims a port", () => {
    const both = changed(srt, { backup_input_url: LISTENER, input: { fec: "auto" } })
    expect(legsOf(both, outputHost())).toMatchObject([
      { name: "primary", ip: "encoder.example", port: 9000, url: CALLER },
      { name: "backup", ip: "0.0.0.0", port: 9100, url: LISTENER },
    ])
    expect(usedPorts(both, () => "", null).map(({ path, port }) => [path, port])).toEqual([["backup_input_url", 9100]])
  })
})
