/**
 * The login of a test server, by the method adobe or llnw. It asks for an answer, and checks it with arithmetic that is
 * written apart from the product's.
 */
import { toBase64, toHex } from "../../bytes/bytes-text.ts"
import { utf8 } from "../bytes.ts"
import { md5 } from "../md5.ts"

const SALT = "NDU="
const CHALLENGE = "NjA4NDEzNzg0"
const OPAQUE = "b3BhcXVl"
const NONCE = "4f5a6b7c"

const rejected = (description: string) => ({ code: "NetConnection.Connect.Rejected", description })

const queryOf = (app: string): URLSearchParams => new URLSearchParams((app.split("?")[1] ?? "").replaceAll("+", "%2B"))

/** Makes the `refuseConnect` of a server that knows one user. Some servers leave out `opaque`. */
export const adobeLogin =
  (user: string, password: string, withOpaque = true) =>
  (app: string, tcUrl: string): Record<string, string> | null => {
    const query = queryOf(app)
    if (!tcUrl.endsWith(app)) return rejected("the tcUrl does not end with the application")
    if (query.get("authmod") !== "adobe")
      return rejected("[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ]")
    if (query.get("user") !== user) return rejected("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=nosuchuser")
    const opaque = withOpaque ? `&opaque=${OPAQUE}` : ""
    const response = query.get("response")
    if (response === null) {
      const question = `?reason=needauth&user=${user}&salt=${SALT}&challenge=${CHALLENGE}${opaque}`
      return rejected(`[ AccessManager.Reject ] : [ authmod=adobe ] : ${question}`)
    }
    const secret = toBase64(md5(utf8(user + SALT + password)))
    const expected = toBase64(md5(utf8(secret + (withOpaque ? OPAQUE : CHALLENGE) + query.get("challenge"))))
    const same = response === expected && query.get("opaque") === (withOpaque ? OPAQUE : null)
    return same ? null : rejected("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed")
  }

/** Makes the `refuseConnect` of a server that asks for a login by the llnw method. */
export const llnwLogin =
  (user: string, password: string) =>
  (app: string): Record<string, string> | null => {
    const query = queryOf(app)
    if (query.get("authmod") !== "llnw")
      return rejected("[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ]")
    const response = query.get("response")
    if (response === null)
      return rejected(`[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=${user}&nonce=${NONCE}`)
    const digest = (text: string) => toHex(md5(utf8(text)))
    const path = app.split("?")[0] ?? ""
    const uri = path.includes("/") ? `/${path}` : `/${path}/_definst_`
    const [count, cnonce] = [query.get("nc"), query.get("cnonce")]
    const expected = digest(
      `${digest(`${user}:live:${password}`)}:${NONCE}:${count}:${cnonce}:auth:${digest(`publish:${uri}`)}`,
    )
    const same = response === expected && count === "00000001" && /^[0-9a-f]{8}$/.test(cnonce ?? "")
    return same ? null : rejected("[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=authfailed")
  }
