/** MediaLive that is not connected: there is nothing to show, and nothing to do. */
import { Effect } from "effect"
import { POLICIES } from "../../core/medialive/policy.ts"
import type { ConnectionView } from "../../effects/medialive/medialive-bodies.ts"
import type { MediaLiveService } from "../../effects/medialive/medialive-service.ts"
import { NotFound } from "../../effects/model/Errors.ts"

const CONNECTION: ConnectionView = {
  region: null,
  region_from: null,
  role_arn: null,
  access_key_id: null,
  secret_access_key: null,
  addresses: [],
  addresses_in_use: [],
  egress_usd_per_gb: null,
  signed_in_by: null,
  policies: POLICIES,
}

const none = (ref: string) => new NotFound({ kind: "MediaLive channel", ref })

export const fakeMediaLive: MediaLiveService = {
  connection: Effect.succeed(CONNECTION),
  setConnection: () => Effect.succeed(CONNECTION),
  removeConnection: Effect.void,
  test: Effect.succeed({ ok: false, steps: [], missing: [] }),
  list: Effect.succeed({ region: null, problem: null, at: null, stale_s: null, missing_permissions: [], channels: [] }),
  channel: none,
  start: none,
  stop: none,
  setAuto: none,
  ofChannel: (ref) => Effect.succeed({ channel: ref, stale_s: null, beside: [], values: [] }),
  costs: (month) => Effect.succeed({ month, note: "", medialive: [], egress: [] }),
  figures: Effect.succeed({
    up: null,
    lastAnswerAt: null,
    requests: { ok: 0, throttled: 0, refused: 0, failed: 0 },
    channels: [],
  }),
  notices: Effect.succeed([]),
}
