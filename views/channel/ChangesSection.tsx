/** @jsxImportSource hono/jsx */
import type { ChangeEntry } from "../../src/effects/declarative/change-rows.ts"
import { Time } from "../layout/Time.tsx"
import { ChannelDiff } from "../settings/DiffList.tsx"

export interface ChangesSectionProps {
  /** Newest first. */
  readonly changes: ReadonlyArray<ChangeEntry>
  /** Path of the channel. */
  readonly path: string
  readonly slug: string
  /** Whether the reader may take changes back, and below, read the audit log. */
  readonly mayRevert: boolean
  readonly mayAudit: boolean
}

const Change = ({
  change: { at, by, change, id },
  mayRevert,
  path,
}: { change: ChangeEntry } & Omit<ChangesSectionProps, "changes">) => (
  <li id={`change-${id}`}>
    <div class="head">
      <p>
        <Time at={at} /> by <strong>{by}</strong>
      </p>
      {mayRevert ? (
        <form method="post" action={`${path}/changes/${id}/revert`}>
          <button type="submit">
            Revert<span class="visually-hidden"> change {id}</span>
          </button>
        </form>
      ) : null}
    </div>
    <ChannelDiff channel={change} />
  </li>
)

/** Who changed what about a channel and its outputs; each change is taken back by one button. */
export const ChangesSection = ({ changes, ...props }: ChangesSectionProps) => (
  <section id="changes" class="card tab" aria-labelledby="changes-title">
    <h2 id="changes-title">Changes</h2>
    {changes.length === 0 ? <p class="empty">Nobody has changed anything yet.</p> : null}
    <ul class="changes">
      {changes.map((change) => (
        <Change change={change} {...props} />
      ))}
    </ul>
    <p>
      {props.mayAudit ? (
        <>
          <a href={`/audit?text=${encodeURIComponent(props.slug)}`}>The audit log of the channel</a> ·{" "}
        </>
      ) : null}
      <a href="/settings/config">Versions of the whole configuration</a>
    </p>
  </section>
)
