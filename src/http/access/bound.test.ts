import { describe, expect, it } from "vitest"
import { isOpenToBound, makeHush, refusedRetag, refusedTags, sees } from "./bound.ts"
import { RULES } from "./roles.ts"

describe("what a bound account sees", () => {
  it("is every channel that has one of its tags", () => {
    expect(sees(["sport", "news"], { tags: ["east", "news"] })).toBe(true)
    expect(sees(["sport"], { tags: ["sports", "spor"] })).toBe(false)
    expect(sees(["sport"], { tags: [] })).toBe(false)
    expect(sees([], { tags: [] })).toBe(true)
  })

  it("leaves names of other channels and of their outputs out of sentences, whatever is in the names", () => {
    const hush = makeHush([{ name: "A (1)" }, { name: "A" }, { name: 'the "X" of it' }])
    const out = "a channel that you do not see"
    expect(hush('port 5000 is used by the primary input of channel "A (1)"')).toBe(`port 5000 is used by ${out}`)
    expect(hush('is used by output "To B" of channel "A": move one')).toBe(`is used by ${out}: move one`)
    expect(hush('used by output "say "hi"" of channel "the "X" of it"')).toBe(`used by ${out}`)
    expect(hush('is used by output "A" of channel "Mine"')).toBe('is used by output "A" of channel "Mine"')
    expect(makeHush([])('channel "A"')).toBe('channel "A"')
  })
})

describe("what a bound operator may do to tags", () => {
  it("is to give new channels its own, and one at least", () => {
    expect(refusedTags(["sport", "news"], ["news"])).toBeNull()
    expect(refusedTags(["sport"], [])).toContain("must hold one of the tags that your role is bound to (sport)")
    expect(refusedTags(["sport"], ["sport", "news"])).toContain("and not news")
  })

  it("is to move its own, but for the last one", () => {
    expect(refusedRetag(["a", "b"], ["a", "x"], ["b", "x"])).toBeNull()
    expect(refusedRetag(["a"], ["a", "x"], ["a", "x"])).toBeNull()
    expect(refusedRetag(["a"], ["a", "x"], ["x"])).toContain("must keep one")
    expect(refusedRetag(["a"], ["a", "x"], ["a"])).toContain("and not in x")
    expect(refusedRetag(["a"], ["a"], ["a", "x"])).toContain("and not in x")
  })
})

describe("what a bound account may ask for", () => {
  const open = RULES.filter(({ method, path }) => isOpenToBound(method, path.replace(/:\w+/g, "x")))

  it("is what is of channels, and nothing for admins but where the role refuses it anyway", () => {
    expect(open.length).toBeGreaterThan(120)
    expect(open.filter(({ role }) => role === "admin").map(({ path }) => path)).toEqual([])
    for (const path of ["/metrics", "/api/config", "/system", "/nodes", "/api/medialive", "/api/channels/x/medialive"])
      expect([path, isOpenToBound("GET", path)]).toEqual([path, false])
    expect(isOpenToBound("HEAD", "/api/config/")).toBe(false)
    expect([isOpenToBound("GET", "/api/templates/x"), isOpenToBound("PUT", "/api/templates/x")]).toEqual([true, false])
  })

  it("is what routes there are: every path that is opened is one", () => {
    for (const path of ["/undo/x", "/api/config/changes/1/revert", "/api/channels/x/clone", "/channels/x/remove"])
      expect([path, isOpenToBound("POST", path)]).toEqual([path, true])
    expect(isOpenToBound("DELETE", "/api/notifications/mutes/x")).toBe(true)
  })
})
