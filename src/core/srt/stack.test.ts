import { describe, expect, it } from "vitest"
import { parseOutputUrl } from "../output/output-url.ts"
import { beyondOwnStack, srtStackOf } from "./stack.ts"

const srtUrl = (query: string) => {
  const parsed = parseOutputUrl(`srt://192.0.2.7:9000${query}`)
  if (!parsed.ok || parsed.target.protocol !== "srt") throw new Error(JSON.stringify(parsed))
  return { target: parsed.target, options: parsed.options, warnings: parsed.warnings }
}

describe("beyondOwnStack", () => {
  it.each([
    ["", []],
    ["?mode=listener&latency=800&passphrase=0123456789&pbkeylen=32&streamid=a", []],
    ["?maxbw=-1&tlpktdrop=1&enforcedencryption=1&retransmitalgo=1&transtype=live", []],
    ["?kmrefreshrate=20000&kmpreannounce=4000&mss=1360&iptos=184&ipttl=32&peeridletimeo=8000", []],
    ["?packetfilter=fec,cols:10,rows:5", ["packetfilter"]],
    ["?maxbw=1000000", ["maxbw"]],
    ["?maxbw=0&inputbw=1000000&oheadbw=30", ["maxbw", "inputbw", "oheadbw"]],
    ["?enforcedencryption=0", ["enforcedencryption"]],
    ["?retransmitalgo=0&tlpktdrop=0", ["tlpktdrop", "retransmitalgo"]],
  ])("%s: %j", (query, expected) => {
    expect(beyondOwnStack(srtUrl(query).target)).toEqual(expected)
  })

  it("leaves rendezvous to libsrt", () => {
    expect(beyondOwnStack(srtUrl("?mode=rendezvous").target)).toEqual(["mode=rendezvous"])
  })
})

describe("the choice of a stack", () => {
  it.each([
    [undefined, "own"],
    ["", "own"],
    ["libsrt", "libsrt"],
    [" OWN ", "own"],
    ["fast", null],
  ])("SRT_STACK=%s is %s", (value, expected) => expect(srtStackOf(value)).toBe(expected))

  it("is a key of the URL, shown among what was understood", () => {
    expect(srtUrl("?stack=own")).toMatchObject({ target: { stack: "own" }, options: { stack: "own" }, warnings: [] })
    expect(srtUrl("").target.stack).toBeNull()
  })

  it("says what keeps our own stack from an output that asks for it", () => {
    expect(srtUrl("?stack=own&packetfilter=fec,cols:10,rows:5&maxbw=1000000").warnings).toEqual([
      "stack=own cannot do maxbw, packetfilter: libsrt carries this output instead",
    ])
  })

  it("is refused with the words it takes", () => {
    expect(parseOutputUrl("srt://192.0.2.7:9000?stack=gosrt")).toMatchObject({
      ok: false,
      errors: [{ path: "url", message: expect.stringMatching(/stack must be own or libsrt/) }],
    })
  })
})
