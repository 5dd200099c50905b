import { readFileSync } from "node:fs"
import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { REORDER_DATAGRAMS_MAX } from "../../core/assembly/memory/layout.ts"
import { parseInputUrl } from "../../core/input/input-url.ts"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { namesOf, type SettingRow } from "../../core/settings/setting-row.ts"
import { InputPolicy } from "../../engine/protocol/messages.ts"
import { channelConfig, outputHost } from "../testing/configs.ts"
import type { Ingest } from "./ingest.ts"
import { legsOf, policyOf, specOf, watchSettingsOf } from "./input-policy.ts"
import { InputSettingsInput, settingsOf } from "./request-bodies.ts"

const two = { rtp_ip: "239.1.1.1", backup_rtp_ip: "239.1.1.2", backup_rtp_port: 5000 }
const takes = (input: unknown) => Either.isRight(Schema.decodeUnknownEither(InputSettingsInput)(input))

const INPUT_DEFAULTS: InputPolicy = {
  mode: "auto",
  failover_after_ms: 500,
  failback: "auto",
  failback_after_s: 30,
  switch: "clean",
  reorder_ms: 50,
  merge_window_ms: 200,
  fec: "off",
  allowed_senders: [],
  scte35_pid: null,
}
const BOUNDS = namesOf(INPUT_SETTINGS).flatMap((name) => {
  const row: SettingRow = INPUT_SETTINGS[name]
  return row.type === "integer" ? [[name, row.bounds] as const] : []
})
const MAX_ALLOWED_SENDERS = 8

describe("policyOf", () => {
  it("has a default for everything the engine asks for", () => {
    expect(policyOf({})).toEqual(INPUT_DEFAULTS)
    expect(Object.keys(INPUT_DEFAULTS).sort()).toEqual(Object.keys(InputPolicy.entries).sort())
  })
  it("keeps what is set, 0 included", () => {
    const settings = {
      mode: "merge",
      reorder_ms: 0,
      fec: "auto",
      allowed_senders: ["10.0.0.0/8"],
      switch: "immediate",
    } as const
    expect(policyOf(settings)).toEqual({ ...INPUT_DEFAULTS, ...settings })
  })
})

describe("legsOf", () => {
  it("gives the backup what it leaves out from the primary", () => {
    const input = { interface: "eth0", source: "192.0.2.1", rcvbuf: 100_000 }
    expect(legsOf(channelConfig({ ...two, input }), outputHost())).toEqual([
      { name: "primary", ip: "239.1.1.1", port: 5000, interface: "eth0", source: "192.0.2.1", rcvbuf: 100_000 },
      { name: "backup", ip: "239.1.1.2", port: 5000, interface: "eth0", source: "192.0.2.1", rcvbuf: 100_000 },
    ])
  })
  it("lets the backup have its own", () => {
    const input = { interface: "eth0", source: "192.0.2.1", backup_interface: "eth1", backup_source: "192.0.2.2" }
    expect(legsOf(channelConfig({ ...two, input }), outputHost())[1]).toMatchObject({
      interface: "eth1",
      source: "192.0.2.2",
    })
  })
  it("filters by source on multicast groups only", () => {
    const [primary, backup] = legsOf(
      channelConfig({ ...two, backup_rtp_ip: "127.0.0.1", input: { source: "192.0.2.1" } }),
      outputHost(),
    )
    expect([primary?.source, backup?.source]).toEqual(["192.0.2.1", undefined])
  })
  const caller = "srt://encoder.example:9000?mode=caller"
  const listener = "srt://:9100?mode=listener"
  const srt = channelConfig({ input_url: caller, rtp_ip: "encoder.example", rtp_port: 9000 })
  it("tells SRT callers when to try again, and with ALLOW_PRIVATE_TARGETS=off where not to call", () => {
    const leg = { name: "primary", ip: "encoder.example", port: 9000, url: caller }
    expect(legsOf(srt, outputHost())).toEqual([{ ...leg, retry_delay_ms: null }])
    const host = outputHost({ allowPrivateTargets: false, retry: { delayMs: 5000, maxAttempts: 3 } })
    expect(legsOf(srt, host)).toEqual([{ ...leg, retry_delay_ms: 5000, public_only: true }])
    const listens = channelConfig({ input_url: listener, rtp_ip: "0.0.0.0", rtp_port: 9100 })
    expect(legsOf(listens, host)).toEqual([{ name: "primary", ip: "0.0.0.0", port: 9100, url: listener }])
  })
  it("gives listeners at the ingest port their stream ids and its passphrase", () => {
    const backup = { backup_input_url: listener, backup_rtp_ip: "0.0.0.0", backup_rtp_port: 9100 }
    const both = channelConfig({ ...backup, input_url: listener, rtp_ip: "0.0.0.0", rtp_port: 9100 })
    const urls = (ingest: Ingest | null, config = both) => legsOf(config, outputHost({ ingest })).map(({ url }) => url)
    expect(urls(null)).toEqual([listener, listener])
    expect(urls({ port: 9101, passphrase: "0123456789" })).toEqual([listener, listener])
    const [own, other] = urls({ port: 9100, passphrase: "pass phrase 1" })
    expect(own).toBe(`${listener}&streamid=%23!%3A%3Ar%3Dnews%2Cm%3Dpublish&passphrase=pass%20phrase%201`)
    expect(parseInputUrl(other ?? "")).toMatchObject({
      ok: true,
      target: { streamId: "#!::r=news/backup,m=publish", passphrase: "pass phrase 1" },
    })
    const renamed = urls({ port: 9100, passphrase: null }, { ...both, slug: "sport" })
    expect(renamed[0]).toBe(`${listener}&streamid=%23!%3A%3Ar%3Dsport%2Cm%3Dpublish`)
    const named = `${listener}&streamid=mine&passphrase=0123456789`
    expect(urls({ port: 9100, passphrase: "0123456789" }, { ...both, input_url: named })[0]).toBe(named)
  })
  it("is part of what the engine is told", () => {
    expect(specOf(channelConfig(), outputHost())).toEqual({
      id: "ch-1",
      label: "news",
      legs: [{ name: "primary", ip: "127.0.0.1", port: 5000 }],
      policy: INPUT_DEFAULTS,
    })
  })
})

describe("settings in a request", () => {
  it.each(BOUNDS)("%s takes its bounds and nothing beyond", (name, [lowest, highest]) => {
    for (const value of [lowest, highest]) expect(takes({ [name]: value })).toBe(true)
    for (const value of [lowest - 1, highest + 1, lowest + 0.5, String(lowest), Number.NaN])
      expect(takes({ [name]: value })).toBe(false)
  })
  it("take null for the default, and at most 8 senders", () => {
    for (const name of Object.keys(InputSettingsInput.fields)) expect(takes({ [name]: null })).toBe(true)
    expect(takes({ allowed_senders: Array.from({ length: MAX_ALLOWED_SENDERS }, () => "10.0.0.1") })).toBe(true)
    expect(takes({ allowed_senders: Array.from({ length: MAX_ALLOWED_SENDERS + 1 }, () => "10.0.0.1") })).toBe(false)
  })
  it("change what they name, reset what is null, leave the rest", () => {
    const old = { mode: "merge", reorder_ms: 20, interface: "eth0" } as const
    expect(settingsOf({ reorder_ms: null, fec: "auto", interface: undefined }, old)).toEqual({
      mode: "merge",
      fec: "auto",
    })
    expect(settingsOf({ fec: "auto" }, old)).toEqual({ ...old, fec: "auto" })
    expect(settingsOf(undefined, old)).toEqual(old)
  })
})

describe('docs/configuration.md, "Inputs"', () => {
  const text = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")
  const rows = [...text.matchAll(/^\| `([a-z0-9_]+)` *\| `([^`]+)` *\| ([^|]*?) *\|/gm)].map(
    ([, name = "", value = "", values = ""]) => ({
      name,
      value,
      values,
    }),
  )

  it("says how many packets wait for one that is missing, and up to which bit rates reorder_ms has its full length", () => {
    const mbit = (REORDER_DATAGRAMS_MAX * 1316 * 8) / 1e6
    const down = (value: number, digits: number) => (Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits)
    const plain = text.replace(/\s+/g, " ")
    expect(plain).toContain(
      `until ${REORDER_DATAGRAMS_MAX} packets wait: of 1316 bytes these are ${down(mbit, 2)} Mbit`,
    )
    expect(plain).toContain(
      `up to ${down(mbit / 0.05, 0)} Mbit/s at 50 ms, ${down(mbit / 0.2, 0)} Mbit/s at 200 ms and ${down(mbit, 1)} Mbit/s at 1000 ms`,
    )
  })
  it("has every setting once", () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(InputSettingsInput.fields).sort())
  })
  it("has the defaults that the engine is told, and those of the watch over SCTE-35", () => {
    const { allowed_senders: _, ...told } = INPUT_DEFAULTS
    const defaults = { ...told, ...watchSettingsOf({}) }
    expect(
      Object.fromEntries(rows.filter(({ name }) => name in defaults).map(({ name, value }) => [name, value])),
    ).toEqual(Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)])))
  })
  it("has the bounds that requests are held to", () => {
    for (const [name, [lowest, highest]] of BOUNDS) {
      expect(rows.find((row) => row.name === name)?.values, name).toBe(`${lowest} to ${highest}`)
    }
    for (const name of ["mode", "failback", "switch", "fec"]) {
      const values = (rows.find((row) => row.name === name)?.values ?? "")
        .split(", ")
        .map((value) => value.replaceAll("`", ""))
      for (const value of values) expect(takes({ [name]: value }), `${name} ${value}`).toBe(true)
    }
    expect(rows.find(({ name }) => name === "allowed_senders")?.values).toContain(`up to ${MAX_ALLOWED_SENDERS}`)
  })
})
