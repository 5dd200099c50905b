/** Notices as the API shows them. */
import type { Notice } from "./notice.ts"
import type { MuteView, NoticeView } from "./notification-bodies.ts"
import { mutedUntil } from "./rules.ts"

const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString())

export const noticeViews = (
  notices: ReadonlyArray<Notice>,
  mutes: Iterable<MuteView>,
  nowMs: number,
): ReadonlyArray<NoticeView> => {
  const all = [...mutes]
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
      muted_until: resolvedAt === null ? mutedUntil(all, notice, nowMs) : null,
      notified_at: iso(toldAt),
    }
  })
}
