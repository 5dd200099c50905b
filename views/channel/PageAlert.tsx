/** @jsxImportSource hono/jsx */
import type { ChannelView, SourceName } from "../../src/effects/model/channel.ts"
import { ActionButton } from "./ActionButton.tsx"
import { pathOf } from "./channel-shown.ts"

export interface PageProblem {
  /** The problem, a sentence. */
  readonly text: string
  /** The leg that was asked for, when the switch can be forced. */
  readonly force?: SourceName | undefined
}

/** An alert: why a button did nothing, and what can be done about it. */
export const PageAlert = ({
  channel,
  problem: { force, text },
}: {
  readonly channel: ChannelView
  readonly problem: PageProblem
}) => {
  const path = pathOf(channel)
  return (
    <div class="banner error" role="alert">
      <p>{text}</p>
      {force === undefined ? null : (
        <ActionButton to={`${path}/switch/${force}`} force label={`Switch to ${force} all the same`} kind="danger" />
      )}
    </div>
  )
}
