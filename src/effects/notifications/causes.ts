/** Open notices by what is the matter: one line for a cause, however many channels and outputs it hits. Pure. */
import { kindInfo, type NoticeKind } from "./notice-kinds.ts"
import type { NoticeView } from "./notification-bodies.ts"

export interface Cause {
  /** Kind, and reason where outputs of one kind fail for several; the same for as long as it lasts. */
  readonly id: string
  readonly kind: NoticeKind
  readonly severity: NoticeView["severity"]
  /** Words for what happened, as in `no input`. */
  readonly words: string
  /** The message of the first notice. */
  readonly message: string
  /** When the first of them began, ISO 8601. */
  readonly since: string
  /** Keys of its notices. */
  readonly keys: ReadonlyArray<string>
  /** Channels it hits, and below, outputs; none of the service's own. */
  readonly channels: ReadonlyArray<{ readonly slug: string; readonly name: string }>
  readonly outputs: ReadonlyArray<{ readonly channel: string; readonly slug: string; readonly name: string }>
}

/** A reason without what differs from one far end to the next: addresses, ports, figures of time. */
const reasonOf = (message: string): string =>
  message
    .split(": ", 1)[0]
    ?.replace(/\[?[0-9a-f:.]*\d[0-9a-f:.]*\]?:\d+/gi, "…")
    .replace(/\d+(?:\.\d+)? ?(?:ms|s|kbit\/s|Mbit\/s|%)/g, "…")
    .slice(0, 80) ?? ""

const idOf = ({ kind, message, output }: NoticeView) => (output === null ? kind : `${kind} ${reasonOf(message)}`)

const unique = <A>(all: ReadonlyArray<A>, of: (one: A) => string): ReadonlyArray<A> => [
  ...new Map(all.map((one) => [of(one), one])).values(),
]

/** The causes of open notices, gravest first, then those that hit most channels, then the oldest. */
export const causesOf = (notices: ReadonlyArray<NoticeView>): ReadonlyArray<Cause> => {
  const groups = new Map<string, NoticeView[]>()
  for (const notice of notices) {
    if (notice.state !== "open") continue
    const id = idOf(notice)
    groups.set(id, [...(groups.get(id) ?? []), notice])
  }
  const causes = [...groups].map(([id, all]): Cause => {
    const oldest = all.reduce((a, b) => (b.opened_at < a.opened_at ? b : a))
    const channels = all.flatMap(({ channel, channel_name }) =>
      channel === null ? [] : [{ slug: channel, name: channel_name ?? channel }],
    )
    const outputs = all.flatMap(({ channel, output, output_name }) =>
      channel === null || output === null ? [] : [{ channel, slug: output, name: output_name ?? output }],
    )
    return {
      id,
      kind: oldest.kind,
      severity: oldest.severity,
      words: kindInfo(oldest.kind).words,
      message: oldest.message,
      since: oldest.opened_at,
      keys: all.map(({ key }) => key),
      channels: unique(channels, ({ slug }) => slug),
      outputs,
    }
  })
  const grave = ({ severity }: Cause) => (severity === "critical" ? 0 : 1)
  return causes.sort(
    (a, b) =>
      grave(a) - grave(b) ||
      b.channels.length - a.channels.length ||
      (a.since < b.since ? -1 : a.since > b.since ? 1 : 0),
  )
}

/** Notices that nobody has acknowledged and no mute covers. */
export const unattended = (notices: ReadonlyArray<NoticeView>): ReadonlyArray<NoticeView> =>
  notices.filter(
    ({ acknowledged_at, muted_until, state }) => state === "open" && acknowledged_at === null && muted_until === null,
  )
