/** Configuration documents, in YAML and JSON, read and planned by the real control plane without being carried out. */
import { stringify } from "yaml"
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { NAMED } from "../../../src/http/openapi/components.ts"
import { OPERATIONS } from "../../../src/http/openapi/document.ts"
import { damageBytes, type FuzzTarget, oneOf } from "../fuzz-target.ts"
import { FuzzedControlPlane } from "./control-plane.ts"
import { damagedJson, damageJson, type Json } from "./damage-json.ts"
import { decodeRequest, encodeRequest } from "./http.ts"

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

const SMALL: Json = {
  version: 1,
  channels: [
    {
      slug: "main",
      name: "Main event",
      rtp_ip: "127.0.0.1",
      rtp_port: 7000,
      backup_rtp_ip: "239.1.2.3",
      backup_rtp_port: 7002,
      tags: ["news"],
      input: { mode: "hitless", reorder_ms: 50, scte35_pid: 500 },
      outputs: [
        { slug: "cdn", name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef&latency=200" },
        { slug: "rec", url: "file://main", settings: { segment_s: 60 } },
        { slug: "rtmp", url: "rtmp://192.0.2.2/live", stream_key: "key", enabled: false },
      ],
    },
    { slug: "srt-in", name: "By SRT", input_url: "srt://0.0.0.0:9100?mode=listener&streamid=a", outputs: [] },
  ],
}

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
    const plane = new FuzzedControlPlane()
    const sound = examples()
    return {
      make: (random) => {
        const yaml = random() % 2 === 0
        const value = oneOf(random, sound)
        return encodeRequest({
          method: "PUT",
          path: "/api/config?dry_run=1",
          type: yaml ? "application/yaml" : "application/json",
          body: yaml ? damagedYaml(random, value) : damagedJson(random, value),
        })
      },
      play: async (bytes) => {
        await plane.ask(decodeRequest(bytes))
        return 1
      },
      close: () => plane.close(),
    }
  },
}
