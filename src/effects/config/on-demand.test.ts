import { describe, expect, it } from "vitest"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { demandedBy, startsWithService } from "./on-demand.ts"

const a = outputConfig({ id: "a" })
const b = outputConfig({ id: "b" })
const off = (output: typeof a) => ({ ...output, enabled: false })
const demand = (...outputs: ReadonlyArray<typeof a>) => channelConfig({ auto_run: "on_demand", outputs })

describe("demandedBy", () => {
  it.each([
    ["a first output", demand(), demand(a), true],
    ["a first output that is off", demand(), demand(off(a)), null],
    ["an output enabled", demand(off(a)), demand(a), true],
    ["a second output", demand(a), demand(a, b), true],
    ["one of two removed", demand(a, b), demand(a), null],
    ["one of two disabled", demand(a, b), demand(a, off(b)), null],
    ["the last one removed", demand(a), demand(), false],
    ["the last one disabled", demand(a, off(b)), demand(off(a), off(b)), false],
    ["one that was off removed", demand(off(a)), demand(), null],
    ["another URL", demand(a), demand({ ...a, url: "srt://192.0.2.2:9000" }), null],
    ["the last one replaced", demand(a), demand(b), true],
    ["the setting itself, with an output", channelConfig({ outputs: [a] }), demand(a), true],
    ["the setting itself, without", channelConfig({ outputs: [off(a)] }), demand(off(a)), false],
    ["the setting taken back", demand(a), channelConfig({ outputs: [] }), null],
    ["a channel that does not run on demand", channelConfig({ outputs: [] }), channelConfig({ outputs: [a] }), null],
  ])("%s", (_, before, after, wanted) => {
    expect(demandedBy(before, after)).toBe(wanted)
  })
})

describe("startsWithService", () => {
  it.each([
    [channelConfig({}), false],
    [channelConfig({ autostart: true, outputs: [] }), true],
    [channelConfig({ should_run: true, outputs: [] }), true],
    [demand(a), false],
    [{ ...demand(a), should_run: true }, true],
    [{ ...demand(a), autostart: true }, true],
    [{ ...demand(off(a)), autostart: true, should_run: true }, false],
  ])("%#", (channel, wanted) => {
    expect(startsWithService(channel)).toBe(wanted)
  })
})
