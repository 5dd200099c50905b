/** Bodies of every request of the API, made from the document's examples, against the real control plane. */
import { NAMED } from "../../../src/http/openapi/components.ts"
import { OPERATIONS } from "../../../src/http/openapi/document.ts"
import type { FuzzTarget } from "../fuzz-target.ts"
import { oneOf } from "../fuzz-target.ts"
import { type Asked, FuzzedControlPlane } from "./control-plane.ts"
import { damagedJson, type Json } from "./damage-json.ts"

const TYPES = [
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=latin1",
  "text/plain",
  "x",
]
const FORM = "application/x-www-form-urlencoded"
/** Pages that take a form; the fields are those of the channel's and the output's. */
const FORMS = ["/channels", "/channels/{id}/outputs", "/channels/{id}/settings", "/session"]
const FIELDS = [
  "name",
  "rtp_ip",
  "rtp_port",
  "backup_rtp_port",
  "url",
  "protocol",
  "host",
  "port",
  "tags",
  "password",
  "enabled",
]

/**
 * Operations that take a body. Destinations of notifications are left out: what is taken would be told to hosts that
 * nobody has chosen. MediaLive has a service of its own, which is not there.
 */
const WITH_BODY = OPERATIONS.flatMap(({ body, method, path, tag }) =>
  body === undefined || tag === "MediaLive" || path.startsWith("/api/notifications")
    ? []
    : [{ method: method.toUpperCase(), path, example: (NAMED[body]?.examples?.[0] ?? {}) as Json }],
)

/** `METHOD path`, the content type, an empty line, the body. */
export const encodeRequest = ({ body, method, path, type }: Asked): Uint8Array =>
  Buffer.concat([Buffer.from(`${method} ${path}\n${type}\n\n`), body])

export const decodeRequest = (bytes: Uint8Array): Asked => {
  const all = Buffer.from(bytes)
  const end = all.indexOf("\n\n")
  const [first = "", type = ""] = all.subarray(0, end).toString().split("\n")
  const [method = "", path = ""] = first.split(" ")
  return { method, path, type, body: all.subarray(end + 2) }
}

export const http: FuzzTarget = {
  name: "http",
  inputs: "bodies",
  open: () => {
    const plane = new FuzzedControlPlane()
    return {
      make: (random) => {
        if (random() % 16 === 0) {
          const fields = Array.from({ length: random() % 12 }, () => {
            const value = Buffer.from(
              damagedJson(random, oneOf(random, ["x", "127.0.0.1", 7000, "srt://h:1", ""])),
            ).toString("latin1")
            return `${oneOf(random, FIELDS)}=${random() % 3 === 0 ? value : encodeURIComponent(value)}`
          })
          return encodeRequest({
            method: "POST",
            path: oneOf(random, FORMS),
            type: FORM,
            body: Buffer.from(fields.join("&")),
          })
        }
        const { example, method, path } = oneOf(random, WITH_BODY)
        return encodeRequest({ method, path, type: oneOf(random, TYPES), body: damagedJson(random, example) })
      },
      play: async (bytes) => {
        await plane.ask(decodeRequest(bytes))
        return 1
      },
      close: () => plane.close(),
    }
  },
}
