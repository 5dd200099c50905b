/** @jsxImportSource hono/jsx */
import type { MuteView } from "../../src/effects/notifications/notification-bodies.ts"
import { DAY_NAMES } from "../format.ts"
import { Alerts, SpecField } from "../forms/Field.tsx"
import type { FieldSpec, FormState } from "../forms/form-state.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Time } from "../layout/Time.tsx"

const coverOf = ({ channel, output }: MuteView) =>
  channel === null ? "everything" : output === null ? `channel ${channel}` : `output ${output} of channel ${channel}`

/** When a mute mutes, in words. */
const When = ({ mute: { active, next_at, repeats, starts, until } }: { readonly mute: MuteView }) => {
  if (repeats === null)
    return (
      <>
        {active ? "" : " from "}
        {active ? null : <Time at={starts} />} until <Time at={until} />
      </>
    )
  const days = repeats.days.map((day) => DAY_NAMES[day]).join(", ")
  return (
    <>
      {` on ${days} from ${repeats.start} to ${repeats.stop} (${repeats.zone})`}
      {next_at === null ? null : (
        <>
          {active ? ", now until " : ", next from "}
          <Time at={next_at} />
        </>
      )}
      , the last before <Time at={until} />
    </>
  )
}

export interface MutesProps {
  readonly frame: Frame
  readonly mutes: ReadonlyArray<MuteView>
  /** Fields of the form for a mute. */
  readonly muteFields: ReadonlyArray<FieldSpec>
  readonly state: FormState
}

/** What is muted, with the form for another mute. */
export const Mutes = ({ frame, muteFields, mutes, state }: MutesProps) => (
  <section class="card" id="mute" aria-labelledby="mute-title">
    <h2 id="mute-title">Mutes</h2>
    {mutes.length === 0 ? <p>Nothing is muted.</p> : null}
    <ul>
      {mutes.map((mute) => (
        <li>
          {coverOf(mute)}
          <When mute={mute} />, by {mute.by}
          {mute.reason === null ? "" : `: ${mute.reason}`}{" "}
          {may(frame, "operator") ? (
            <form method="post" action={`/settings/notifications/mutes/${mute.id}/end`} class="inline">
              <button type="submit" aria-label={`End the mute of ${coverOf(mute)}`}>
                End
              </button>
            </form>
          ) : null}
        </li>
      ))}
    </ul>
    {may(frame, "operator") ? (
      <form method="post" action="/settings/notifications/mutes" aria-label="Mute">
        <Alerts alerts={state.alerts} />
        {muteFields.map((spec) => (
          <SpecField form="mute" spec={spec} state={state} />
        ))}
        <div class="actions">
          <button type="submit">Mute</button>
        </div>
        <p class="hint">
          What is muted is shown here and told to nobody; what is still open when the mute ends is told then.
        </p>
      </form>
    ) : null}
  </section>
)
