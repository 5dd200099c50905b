/** Configuration documents, in YAML and JSON, read and planned without being carried out, some by all of a control plane. */
import { stringify } from "yaml"
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { NAMED } from "../../../src/http/openapi/components.ts"
import { OPERATIONS } from "../../../src/http/openapi/document.ts"
import { damageBytes, type FuzzTarget, oneOf } from "../fuzz-target.ts"
import { encodeRequest, onlyRead } from "./asked.ts"
import { damagedJson, damageJson, type Json } from "./damage-json.ts"
import { openFuzzedApi } from "./fuzzed-api.ts"
import { SMALL } from "./small-config.ts"

/** What only YAML has. */
const YAML_PIECES = [
  "&a ",
  "*a",
  "<<: *a\n",
  "!!binary ",
  "? ",
  "- ",
  "| \n",
  ">-\n ",
  "---\n",
  "...\n",
  "\t",
  "{",
  "[",
  "'",
  '"',
  "%YAML 1.1\n",
  "# ",
  ".nan",
  "~",
]

/** One document in so many is YAML, which takes ten times as long as JSON, to make and to read. */
const YAML_EVERY = 8

const examples = (): ReadonlyArray<Json> => {
  const body = OPERATIONS.find(({ method, path }) => method === "put" && path === "/api/config")?.body
  return [SMALL, ...((NAMED[body ?? ""]?.examples ?? []) as ReadonlyArray<Json>)]
}

const damagedYaml = (random: Random, value: Json): Uint8Array => {
  let damaged = value
  for (let left = random() % 4; left > 0; left--) damaged = damageJson(random, damaged)
  let text = stringify(damaged)
  for (let left = random() % 4; left > 0; left--) {
    const at = random() % (text.length + 1)
    text = `${text.slice(0, at)}${oneOf(random, YAML_PIECES)}${text.slice(at + (random() % 3))}`
  }
  return random() % 4 === 0 ? damageBytes(random, Buffer.from(text), 4) : Buffer.from(text)
}

export const config: FuzzTarget = {
  name: "config",
  inputs: "documents",
  open: () => {
    const sound = examples()
    return openFuzzedApi((random) => {
      const read = onlyRead(random)
      const yaml = random() % YAML_EVERY === 0
      // A large YAML document is read on a thread of its own, which takes as long as all of a control plane.
      const value = read && yaml ? SMALL : oneOf(random, sound)
      return encodeRequest({
        method: "PUT",
        path: "/api/config?dry_run=1",
        type: yaml ? "application/yaml" : "application/json",
        body: yaml ? damagedYaml(random, value) : damagedJson(random, value),
        onlyRead: read,
      })
    })
  },
}
