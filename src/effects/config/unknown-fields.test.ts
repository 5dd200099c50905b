import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { DestinationInput } from "../notifications/notification-bodies.ts"
import { ChannelRequest } from "../templates/template-model.ts"
import { unknownFields } from "./unknown-fields.ts"

describe("unknownFields", () => {
  it("finds them at every depth, by their paths", () => {
    const value = {
      name: "a",
      rtp_port: 1,
      colour: "red",
      input: { fec: "off", hue: 1 },
      outputs: [{ url: "udp://h:1" }, { url: "udp://h:2", settings: { segment_s: 4, depth: 3 } }, "no object"],
    }
    expect(unknownFields(ChannelRequest, value, 50)).toEqual(["colour", "input.hue", "outputs[1].settings.depth"])
  })

  it("stops at the limit", () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1]))
    expect(unknownFields(ChannelRequest, many, 3)).toEqual(["k0", "k1", "k2"])
    expect(unknownFields(ChannelRequest, { outputs: [many, many] }, 2)).toEqual(["outputs[0].k0", "outputs[0].k1"])
  })

  it("knows a field that any of several shapes has, and leaves open what is open", () => {
    expect(unknownFields(DestinationInput, { name: "x", kind: "webhook", nonsense: 1 }, 50)).toEqual(["nonsense"])
    expect(unknownFields(Schema.Record({ key: Schema.String, value: Schema.Number }), { a: 1, b: 2 }, 50)).toEqual([])
    expect(unknownFields(Schema.Union(Schema.Struct({ a: Schema.Number }), Schema.Unknown), { b: 2 }, 50)).toEqual([])
    const Changed = Schema.Struct({
      count: Schema.NumberFromString,
      when: Schema.optionalWith(Schema.String, { default: () => "now" }),
    })
    expect(unknownFields(Changed, { count: "1", when: "then", where: "here" }, 50)).toEqual(["where"])
  })

  it.each([[null], [1], ["text"], [[]], [[{ a: 1 }]]])("finds none in %j, which is no object", (value) => {
    expect(unknownFields(ChannelRequest, value, 50)).toEqual([])
  })
})
