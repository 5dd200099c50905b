import { describe, expect, it } from "vitest"
import { causesOf, unattended } from "./causes.ts"
import type { NoticeKind } from "./notice-kinds.ts"
import type { NoticeView } from "./notification-bodies.ts"

const notice = (
  kind: NoticeKind,
  channel: string | null,
  output: string | null = null,
  over: Partial<NoticeView> = {},
): NoticeView => ({
  id: `${kind} ${channel} ${output}`,
  key: [kind, channel, output].filter((part) => part !== null).join(":"),
  kind,
  severity: "critical",
  state: "open",
  channel,
  channel_name: channel?.toUpperCase() ?? null,
  output,
  output_name: output?.toUpperCase() ?? null,
  message: "why",
  opened_at: "2026-01-02T03:04:05.000Z",
  resolved_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
  muted_until: null,
  notified_at: null,
  ...over,
})

describe("the causes of notices", () => {
  it("are one line for one kind on many channels, since the first of them", () => {
    const all = Array.from({ length: 6 }, (_, n) =>
      notice("input_lost", `c${n}`, null, {
        message: `no packets on :${5000 + n}`,
        opened_at: `2026-01-02T03:0${9 - n}:00.000Z`,
      }),
    )
    const [cause, ...others] = causesOf(all)
    expect(others).toEqual([])
    expect(cause).toMatchObject({
      words: "no input",
      since: "2026-01-02T03:04:00.000Z",
      message: "no packets on :5005",
    })
    expect(cause?.channels).toHaveLength(6)
    expect(cause?.keys).toHaveLength(6)
  })

  it("part outputs that fail for different reasons, not for different addresses", () => {
    const timeout = (at: string) => ({
      message: `Connection timeout to ${at} (SRT reject code 16): check address and port`,
    })
    const all = [
      notice("output_down", "news", "a", timeout("203.0.113.5:9000")),
      notice("output_down", "news", "b", timeout("[2001:db8::7]:9000")),
      notice("output_down", "sport", "a", { message: "the stream key was refused" }),
    ]
    expect(causesOf(all).map(({ channels, outputs }) => [channels.length, outputs.length])).toEqual([
      [1, 2],
      [1, 1],
    ])
  })

  it("begin with what is critical, then with what hits most channels; those over are none", () => {
    const all = [
      notice("redundancy_lost", "a", null, { severity: "warning" }),
      notice("redundancy_lost", "b", null, { severity: "warning" }),
      notice("engine_lost", null),
      notice("input_lost", "a", null, { state: "resolved" }),
    ]
    expect(causesOf(all).map(({ id }) => id)).toEqual(["engine_lost", "redundancy_lost"])
  })

  it("need attention until somebody has acknowledged or muted them", () => {
    const all = [
      notice("input_lost", "a"),
      notice("input_lost", "b", null, { acknowledged_at: "2026-01-02T03:04:05.000Z" }),
      notice("input_lost", "c", null, { muted_until: "2026-01-02T03:04:05.000Z" }),
    ]
    expect(unattended(all).map(({ channel }) => channel)).toEqual(["a"])
  })
})
