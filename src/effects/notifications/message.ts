/** Messages in the form that each kind of destination takes. */
import { createHmac, randomUUID } from "node:crypto"
import { stampText, type Zone } from "../../core/schedule/local-time.ts"
import type { Notice, Telling, Told } from "./notice.ts"
import { kindInfo, type NoticeKind, type NoticeSeverity } from "./notice-kinds.ts"

/** A notice in a message. Times are ISO 8601. */
export interface MessageNotice {
  readonly id: string
  readonly key: string
  readonly event: Telling
  readonly kind: NoticeKind
  readonly severity: NoticeSeverity
  readonly channel: string | null
  readonly channel_name: string | null
  readonly output: string | null
  readonly output_name: string | null
  readonly title: string
  readonly message: string
  readonly opened_at: string
  readonly resolved_at: string | null
}

/** Body of a webhook. While `version` is 1, fields are added, but never changed or removed. */
export interface Message {
  readonly version: 1
  /** UUID; unchanged however often the message is delivered. */
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly event: Telling | "mixed" | "test"
  readonly severity: NoticeSeverity | "info"
  readonly title: string
  readonly notices: ReadonlyArray<MessageNotice>
  /** Number of notices that the message tells of; `notices` holds 200 at most. */
  readonly total: number
}

const MAX_NOTICES = 200
/** Most lines of a text for people. */
const MAX_LINES = 20
const iso = (ms: number) => new Date(ms).toISOString()

/** A duration in words: `2 h 5 min`, `45 s`. */
export const duration = (ms: number): string => {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`
  const minutes = Math.round((s % 3600) / 60)
  return `${Math.floor(s / 3600)} h${minutes === 0 ? "" : ` ${minutes} min`}`
}

const subjectOf = ({ channel, output }: Notice) => {
  if (channel === null) return ""
  return output === null ? `${channel.name}: ` : `${channel.name}, output ${output.name}: `
}

/** A notice on one line: where, what, and for how long. */
const titleOf = ({ notice, telling }: Told, nowMs: number): string => {
  const { kind, openedAt, resolvedAt, stopped, toldAt } = notice
  const info = kindInfo(kind)
  const lasted = duration((resolvedAt ?? nowMs) - openedAt)
  const what =
    telling === "opened" || (telling === "resolved" && info.moment)
      ? info.words
      : telling === "repeated"
        ? `still ${info.words}, for ${lasted}`
        : stopped
          ? `${info.words} until it was stopped, after ${lasted}`
          : toldAt === null
            ? `was ${info.words} for ${lasted}: ${info.over}`
            : `${info.over}, after ${lasted}`
  return `${subjectOf(notice)}${what}`
}

const noticeOf = (told: Told, nowMs: number): MessageNotice => {
  const { channel, id, key, kind, message, openedAt, output, resolvedAt, severity } = told.notice
  return {
    id,
    key,
    event: told.telling,
    kind,
    severity,
    channel: channel?.slug ?? null,
    channel_name: channel?.name ?? null,
    output: output?.slug ?? null,
    output_name: output?.name ?? null,
    title: titleOf(told, nowMs),
    message,
    opened_at: iso(openedAt),
    resolved_at: resolvedAt === null ? null : iso(resolvedAt),
  }
}

const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? "" : "s"}`

/** A group on one line: `News: 12 outputs down, no input`. */
const summary = (group: ReadonlyArray<Told>): string => {
  const channels = new Set(group.map(({ notice }) => notice.channel?.name))
  const [only] = channels
  const counts = new Map<string, number>()
  for (const { notice, telling } of group) {
    const { over, words } = kindInfo(notice.kind)
    const what = `${notice.output === null ? "" : "output "}${telling === "resolved" ? over : words}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const parts = [...counts].map(([what, n]) =>
    what.startsWith("output ") ? `${plural(n, "output")} ${what.slice(7)}` : n > 1 ? `${what} (${n})` : what,
  )
  const where = channels.size > 1 ? plural(channels.size, "channel") : only
  return `${where === undefined ? "" : `${where}: `}${parts.join(", ")}`
}

/**
 * The message about a group of notices.
 * @param group not empty
 */
export const messageOf = (group: ReadonlyArray<Told>, nowMs: number): Message => {
  const [first] = group
  const events = new Set(group.map(({ telling }) => telling))
  const open = group.filter(({ telling }) => telling !== "resolved")
  const worst = (open.length === 0 ? group : open).some(({ notice }) => notice.severity === "critical")
    ? "critical"
    : "warning"
  // The gravest come first, those that are over last.
  const weight = ({ notice, telling }: Told) =>
    (telling === "resolved" ? 2 : 0) + (notice.severity === "critical" ? 0 : 1)
  const sorted = [...group].sort((a, b) => weight(a) - weight(b))
  return {
    version: 1,
    id: randomUUID(),
    at: iso(nowMs),
    event: events.size === 1 ? (first?.telling ?? "opened") : "mixed",
    severity: worst,
    title: group.length === 1 && first !== undefined ? titleOf(first, nowMs) : summary(sorted),
    notices: sorted.slice(0, MAX_NOTICES).map((told) => noticeOf(told, nowMs)),
    total: group.length,
  }
}

export const testMessage = (nowMs: number): Message => ({
  version: 1,
  id: randomUUID(),
  at: iso(nowMs),
  event: "test",
  severity: "info",
  title: "Test of Stream Distributor's notifications: this is how they arrive",
  notices: [],
  total: 0,
})

const LABELS: Readonly<Record<Message["event"], string>> = {
  opened: "",
  repeated: "",
  mixed: "",
  resolved: "resolved",
  test: "test",
}
const labelOf = ({ event, severity }: Pick<Message, "event" | "severity">) => LABELS[event] || severity

/** Subject of a mail and first line of a chat message. */
export const subjectLine = (message: Message): string => `[${labelOf(message)}] ${message.title}`

/** The whole message in words; `line` writes one notice. */
const linesOf = (message: Message, line: (notice: MessageNotice) => string): ReadonlyArray<string> => {
  const shown = message.notices.slice(0, MAX_LINES).map(line)
  const more = message.total - shown.length
  return more > 0 ? [...shown, `... and ${more} more`] : shown
}

/** The text of a mail, its times by the clock of a zone. */
export const mailText = (message: Message, zone: Zone): string => {
  const clock = (at: string) => stampText(Date.parse(at), zone)
  const line = (notice: MessageNotice) => {
    const cause =
      notice.event === "resolved"
        ? `since ${clock(notice.opened_at)}, over ${clock(notice.resolved_at ?? message.at)}`
        : `since ${clock(notice.opened_at)}: ${notice.message}`
    return `[${notice.event === "resolved" ? "resolved" : notice.severity}] ${notice.title}\n    ${cause}\n    ${notice.key}`
  }
  return [message.title, "", ...linesOf(message, line), "", `Stream Distributor, ${clock(message.at)}`, ""].join("\n")
}

/** Escapes what Slack would take for a link, a mention or formatting. */
const plain = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[*_~`]/g, "\u200b$&")
const MARKS: Readonly<Record<string, string>> = {
  critical: ":red_circle:",
  warning: ":large_yellow_circle:",
  resolved: ":large_green_circle:",
}

export const slackText = (message: Message): string => {
  const mark = MARKS[labelOf(message)] ?? ":information_source:"
  const line = (notice: MessageNotice) =>
    notice.event === "resolved" ? `• ${plain(notice.title)}` : `• ${plain(notice.title)}: ${plain(notice.message)}`
  return [`${mark} *${plain(subjectLine(message))}*`, ...linesOf(message, line)].join("\n").slice(0, 20_000)
}

/** Signature header: `t` and the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`. */
export const signature = (secret: string, timestamp: number, body: string): string =>
  `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`
