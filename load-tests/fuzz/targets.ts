/** Every target of `npm run fuzz`. */
import type { FuzzTarget } from "./fuzz-target.ts"
import { config } from "./targets/config.ts"
import { core } from "./targets/core.ts"
import { http } from "./targets/http.ts"
import { ndjson } from "./targets/ndjson.ts"
import { rtmp, scte35, srt } from "./targets/seeded.ts"

export const TARGETS: ReadonlyArray<FuzzTarget> = [core, srt, rtmp, scte35, http, config, ndjson]
