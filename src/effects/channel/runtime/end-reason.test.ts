import { expect, it } from "vitest"
import { endReasonOf } from "./end-reason.ts"

it.each([
  ["engine_lost", "engine"],
  ["stalled", "stalled"],
  ["dns", "network"],
  ["srt_reject_16", "network"],
  ["econnrefused", "network"],
  ["ENETUNREACH", "network"],
  ["rtmp_Timeout.handshake", "network"],
  ["srt_2001", "closed"],
  ["econnreset", "closed"],
  ["rtmp_Closed.publishing", "closed"],
  ["rtmp_NetStream.Unpublish.Success", "closed"],
  ["srt_reject_10", "rejected"],
  ["srt_reject_1403", "rejected"],
  ["tls_certificate", "rejected"],
  ["rtmp_NetStream.Publish.BadName", "rejected"],
  ["rtmp_Auth.Failed", "rejected"],
  ["http_403", "rejected"],
  ["rtsp_401", "rejected"],
  ["EADDRINUSE", "local"],
  ["ENOSPC", "local"],
  ["libsrt_missing", "local"],
  ["directory_taken", "local"],
  ["url", "local"],
  ["whatever a server says", "other"],
])("the code %s is of the kind %s", (code, reason) => {
  expect(endReasonOf(code)).toBe(reason)
})
