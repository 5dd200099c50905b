/** Notices as the API shows them. */
import { mutingAt } from "./mute.ts"
import type { Notice } from "./notice.ts"
import type { Mute, NoticeView } from "./notification-bodies.ts"

const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString())

export const noticeViews = (
  notices: ReadonlyArray<Notice>,
  mutes: Iterable<Mute>,
  nowMs: number,
): ReadonlyArray<NoticeView> => {
  const muting = mutingAt(mutes, nowMs)
  return notices.map((notice) => {
    const { acknowledged, channel, id, key, kind, message, openedAt, output, resolvedAt, severity, toldAt } = notice
    return {
      id,
      key,
      kind,
      severity,
      state: resolvedAt === null ? "open" : "resolved",
      message,
      channel: channel?.slug ?? null,
      channel_name: channel?.name ?? null,
      output: output?.slug ?? null,
      output_name: output?.name ?? null,
      opened_at: new Date(openedAt).toISOString(),
      resolved_at: iso(resolvedAt),
      acknowledged_at: iso(acknowledged?.at),
      acknowledged_by: acknowledged?.by ?? null,
      muted_until: resolvedAt === null ? muting(channel?.slug ?? null, output?.slug ?? null) : null,
      notified_at: iso(toldAt),
    }
  })
}
