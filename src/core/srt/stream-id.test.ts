import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { formatStreamId, parseStreamId, shownStreamId, streamIdProblem } from "./stream-id.ts"

describe("parseStreamId", () => {
  it.each([
    [
      "#!::r=live/x,m=publish,u=me,h=host,s=abc,t=stream",
      "standard",
      "live/x",
      "me",
      "publish",
      "#!::r=live/x,m=publish,u=me,h=host,s=***,t=stream",
    ],
    ["#!::r=x,bmd_uuid=1234,bmd_name=Cam 1", "standard", "x", null, null, "#!::r=x,bmd_uuid=1234,bmd_name=Cam 1"],
    ["#!::r=x,password=geheim", "standard", "x", null, null, "#!::r=x,password=***"],
    ["#!{r=x,m=publish}", "nested", "x", null, "publish", "#!{r=x,m=publish}"],
    ["#!:m=publish,r=x,token=t", "single-colon", "x", null, "publish", "#!:m=publish,r=x,token=***"],
    ["publish:live/x", "colon", "live/x", null, "publish", "publish:live/x"],
    ["publish:live/x:a=b", "colon", "live/x", null, "publish", "publish:live/x:a=b"],
    ["read:live/x:me:geheim:a=b", "colon", "live/x", "me", "request", "read:live/x:me:***:a=b"],
    ["publish:/live/x", "colon", "/live/x", null, "publish", "publish:/live/x"],
    ["publish/mystream", "srtrelay", "mystream", null, "publish", "publish/mystream"],
    ["play/mystream/geheim", "srtrelay", "mystream", null, "request", "play/mystream/***"],
    ["x,mode:publish,token:geheim", "comma", "x", null, "publish", "x,mode:publish,token:***"],
    ["live.sls.com/live/x", "path", "live.sls.com/live/x", null, null, "live.sls.com/live/x"],
    ["live/x?token=geheim&vhost=a", "path", "live/x", null, null, "live/x?token=***&vhost=a"],
    ["publish:live/x:token=geheim", "colon", "live/x", null, "publish", "publish:live/x:token=***"],
    ["read:live/x:me:geheim:jwt=geheim", "colon", "live/x", "me", "request", "read:live/x:me:***:jwt=***"],
    ["#!::r=x,u=me,p=geheim", "standard", "x", "me", null, "#!::r=x,u=me,p=***"],
    ["publish", "opaque", null, null, null, "publish"],
    ["#!::", "standard", null, null, null, "#!::"],
    ["", "opaque", null, null, null, ""],
  ])("%s is %s", (text, syntax, resource, user, mode, masked) => {
    expect(parseStreamId(text)).toMatchObject({ text, syntax, resource, user, mode, masked })
  })

  it("keeps keys the guideline does not know", () => {
    expect(parseStreamId("#!::r=x,bmd_uuid=1,y").extra).toEqual([
      ["bmd_uuid", "1"],
      ["y", ""],
    ])
  })

  it("keeps any text whole and never fails", () => {
    const prefix = fc.constantFrom("", "#!::", "#!{", "#!:", "publish:", "play/", "x,mode:")
    fc.assert(
      fc.property(prefix, fc.string(), (start, text) => {
        expect(parseStreamId(start + text).text).toBe(start + text)
      }),
    )
  })

  it("reads what formatStreamId writes", () => {
    const word = fc.string({ maxLength: 30 }).filter((s) => !/[,{}]/.test(s))
    fc.assert(
      fc.property(word, word, word, word, (user, resource, host, session) => {
        const text = formatStreamId({ user, resource, host, session, mode: "publish", extra: [["company_x", "1"]] })
        expect(parseStreamId(text ?? "")).toMatchObject({
          user,
          resource,
          host,
          session,
          mode: "publish",
          type: null,
          extra: [["company_x", "1"]],
        })
      }),
    )
    expect(formatStreamId({ resource: "a,b" })).toBeNull()
    expect(formatStreamId({ resource: "ä".repeat(260) })).toBeNull()
  })
})

describe("streamIdProblem", () => {
  it.each([
    "#!::r=live/x,m=publish",
    "#!::r=x,",
    "#!::u=me,s=,m=publish",
    "#!::r=x,h={a=b,c=d}",
    "#!::bmd_uuid=1,r=a=b",
    "#!:m=publish,x",
    "live/x",
    "publish:a,b",
    "",
  ])("takes %s", (text) => {
    expect(streamIdProblem(text)).toBeNull()
  })

  it.each([
    ["#!::", 1],
    ["#!::publish", 1],
    ["#!::r=x,publish", 2],
    ["#!::r=x,,m=publish", 2],
    ["#!::s=geheim,rest,m=publish", 2],
    ["#!::=x", 1],
  ])("refuses %s and names the part, not its text", (text, part) => {
    expect(streamIdProblem(text)).toMatch(new RegExp(`part ${part} `))
    expect(streamIdProblem(text)).not.toMatch(/geheim|rest/)
  })
})

describe("shownStreamId", () => {
  it.each([
    ["live/x", "live/x"],
    ["publish:live:user:CANARY", "publish:live:user:***"],
    ["#!::r=x,s=CANARY,m=request", "#!::r=x,s=***,m=request"],
    ["\u001b]0;pwn\u0007\u001b[31mred\r\n[FAKE] INFO", "\\u001b]0;pwn\\u0007\\u001b[31mred\\u000d\\u000a[FAKE] INFO"],
    ["\u202e\u2066rtl", "\\u202e\\u2066rtl"],
  ])("%j is shown as %j", (text, shown) => {
    expect(shownStreamId(text)).toBe(shown)
  })
})
