import { expect, it } from "vitest"
import { receiverMessage } from "./channel-watcher.ts"

const RECEIVER = {
  event: "receiver",
  channel_id: "c",
  output_id: "o",
  peer: "192.0.2.7:5000",
  stream_id: "",
  joined: false,
  reason: null,
} as const

it.each([
  [{ joined: true }, "receiver 192.0.2.7:5000 joined"],
  [{ stream_id: "news" }, "receiver 192.0.2.7:5000 (news) left"],
  [{ stream_id: "read:live/x:me:geheim", joined: true }, "receiver 192.0.2.7:5000 (read:live/x:me:***) joined"],
  [
    { stream_id: "\u001b[31mred\r\n[FAKE] all is well\u202e" },
    "receiver 192.0.2.7:5000 (\\u001b[31mred\\u000d\\u000a[FAKE] all is well\\u202e) left",
  ],
  [
    { reason: "its address is not one of allowed_receivers" },
    "receiver 192.0.2.7:5000 was turned away: its address is not one of allowed_receivers",
  ],
  [{ reason: "it was silent", refused: false }, "receiver 192.0.2.7:5000 was lost: it was silent"],
])("%j: %s", (over, message) => {
  expect(receiverMessage({ ...RECEIVER, ...over })).toBe(message)
})
