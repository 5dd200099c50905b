import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { type AuthRound, adobeResponse, answerAuth, appendQuery, llnwResponse } from "./auth.ts"

const md5 = (text: string, form: "hex" | "base64") => createHash("md5").update(text).digest(form)
const login = { user: "bob", password: "s3cret" }
const FIRST = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ]"
const QUESTION =
  "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=bob&salt=NDU=&challenge=NjA4NDEz&opaque=b3Bh"
const round = (scheme: AuthRound["scheme"], number: 1 | 2): AuthRound => ({ scheme, round: number, query: "" })

const next = (description: string, previous: AuthRound | null, user = "bob", app = "live") => {
  const answer = answerAuth(description, { user, password: "s3cret" }, app, previous, 0x01020304)
  return answer.type === "next" ? answer.round : answer
}

describe("logins", () => {
  it("name the user first", () => {
    expect(next(FIRST, null)).toEqual({ scheme: "adobe", round: 1, query: "authmod=adobe&user=bob" })
    expect(next(FIRST.replace("adobe", "llnw"), null)).toEqual({
      scheme: "llnw",
      round: 1,
      query: "authmod=llnw&user=bob",
    })
    expect(next(FIRST, null, "me@x&y z")).toMatchObject({ query: "authmod=adobe&user=me@x%26y%20z" })
  })

  it("answer the challenge of adobe: base64 of nested MD5, with the opaque string where there is one", () => {
    const secret = md5("bobNDU=s3cret", "base64")
    const response = md5(`${secret}b3BhAQIDBA==`, "base64")
    expect(next(QUESTION, round("adobe", 1))).toEqual({
      scheme: "adobe",
      round: 2,
      query: `authmod=adobe&user=bob&challenge=AQIDBA==&response=${response}&opaque=b3Bh`,
    })
    const without = md5(`${secret}NjA4NDEzAQIDBA==`, "base64")
    expect(next(QUESTION.replace("&opaque=b3Bh", ""), round("adobe", 1))).toMatchObject({
      query: `authmod=adobe&user=bob&challenge=AQIDBA==&response=${without}`,
    })
    expect(adobeResponse(login, { salt: "NDU=", opaque: "b3Bh", challenge: "x" }, "AQIDBA==")).toBe(response)
  })

  it("take what Wowza says, which asks both at once, and what leaves the scheme out", () => {
    const wowza =
      "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : /live : ?reason=needauth&user=&salt=6Mn&challenge=7C5&opaque=vb"
    expect(next(wowza, null)).toMatchObject({
      round: 2,
      query: expect.stringMatching(/^authmod=adobe&user=bob&challenge=.*&opaque=vb$/),
    })
    expect(next("?reason=needauth&user=bob&salt=abcd&opaque=dead", round("adobe", 1))).toMatchObject({
      scheme: "adobe",
      round: 2,
    })
  })

  it.each([
    ["live", "/live/_definst_"],
    ["live?x=1", "/live/_definst_"],
    ["live/inst", "/live/inst"],
  ])("answer the digest of llnw for the application %s", (app, uri) => {
    const digest = md5(
      `${md5("bob:live:s3cret", "hex")}:4f5a:00000001:01020304:auth:${md5(`publish:${uri}`, "hex")}`,
      "hex",
    )
    expect(llnwResponse(login, app, "4f5a", "01020304")).toBe(digest)
    const question = "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=bob&nonce=4f5a"
    expect(next(question, round("llnw", 1), "bob", app)).toEqual({
      scheme: "llnw",
      round: 2,
      query: `authmod=llnw&user=bob&nonce=4f5a&cnonce=01020304&nc=00000001&response=${digest}`,
    })
  })

  it.each([
    [
      "a refused password",
      "[ authmod=adobe ] : ?reason=authfailed&opaque=x",
      round("adobe", 2),
      "Auth.Failed",
      /refuses the password/,
    ],
    [
      "an unknown user",
      "[ authmod=adobe ] : ?reason=nosuchuser",
      round("adobe", 1),
      "Auth.NoSuchUser",
      /does not know the user/,
    ],
    ["the same question again", FIRST, round("adobe", 1), "Auth.Failed", /after the user was named/],
    ["a question after the answer", QUESTION, round("adobe", 2), "Auth.Failed", /asks again/],
    [
      "another kind of login",
      "[ code=403 need auth; authmod=kerberos ]",
      null,
      "Auth.Unsupported",
      /neither adobe nor llnw/,
    ],
    [
      "a question without a salt",
      "[ authmod=adobe ] : ?reason=needauth&user=bob",
      round("adobe", 1),
      "Auth.Malformed",
      /without saying how/,
    ],
    [
      "a question without a nonce",
      "[ authmod=llnw ] : ?reason=needauth&user=bob",
      round("llnw", 1),
      "Auth.Malformed",
      /without saying how/,
    ],
  ] as const)("end with %s", (_, description, previous, code, error) => {
    expect(next(description, previous)).toEqual({ type: "failed", code, error: expect.stringMatching(error) })
  })

  it("want a user in the URL", () => {
    expect(answerAuth(FIRST, { user: null, password: null }, "live", null, 0)).toMatchObject({ code: "Auth.Missing" })
  })

  it("are not what other refusals are about", () => {
    expect(answerAuth("Application not found", login, "live", null, 0)).toEqual({ type: "none" })
  })

  it("stand behind a query that is there already", () => {
    expect([appendQuery("live", "a=1"), appendQuery("live2?backup=1", "a=1")]).toEqual([
      "live?a=1",
      "live2?backup=1&a=1",
    ])
  })
})
