/** Bodies of every request of the API, made from the document's examples: read as routes do, some by all of a control plane. */

import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { NAMED } from "../../../src/http/openapi/components.ts"
import { OPERATIONS } from "../../../src/http/openapi/document.ts"
import type { FuzzTarget } from "../fuzz-target.ts"
import { oneOf } from "../fuzz-target.ts"
import { encodeRequest, onlyRead } from "./asked.ts"
import { damagedJson, type Json } from "./damage-json.ts"
import { openFuzzedApi } from "./fuzzed-api.ts"

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

/** Operations that take a body, with one that is sound. */
export const WITH_BODY = OPERATIONS.flatMap(({ body, method, path, tag }) =>
  body === undefined
    ? []
    : [{ method: method.toUpperCase(), path, tag, example: (NAMED[body]?.examples?.[0] ?? {}) as Json }],
)
/**
 * Those that are carried out. Destinations of notifications are left out: what is taken would be told to hosts that
 * nobody has chosen. MediaLive has a service of its own, which is not there.
 */
const CARRIED_OUT = WITH_BODY.filter(({ path, tag }) => tag !== "MediaLive" && !path.startsWith("/api/notifications"))

/** One request in so many to a whole control plane is a form. */
const FORM_EVERY = 4

const form = (random: Random): Uint8Array => {
  const fields = Array.from({ length: random() % 12 }, () => {
    const damaged = damagedJson(random, oneOf(random, ["x", "127.0.0.1", 7000, "srt://h:1", ""]))
    const value = Buffer.from(damaged).toString("latin1")
    return `${oneOf(random, FIELDS)}=${random() % 3 === 0 ? value : encodeURIComponent(value)}`
  })
  const body = Buffer.from(fields.join("&"))
  return encodeRequest({ method: "POST", path: oneOf(random, FORMS), type: FORM, body, onlyRead: false })
}

export const http: FuzzTarget = {
  name: "http",
  inputs: "bodies",
  open: () =>
    openFuzzedApi((random) => {
      const read = onlyRead(random)
      if (!read && random() % FORM_EVERY === 0) return form(random)
      const { example, method, path } = oneOf(random, read ? WITH_BODY : CARRIED_OUT)
      const body = damagedJson(random, example)
      return encodeRequest({ method, path, type: oneOf(random, TYPES), body, onlyRead: read })
    }),
}
