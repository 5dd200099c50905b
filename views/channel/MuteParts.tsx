/** @jsxImportSource hono/jsx */
import type { OutputView } from "../../src/effects/model/channel.ts"
import { Time } from "../layout/Time.tsx"
import { ActionButton } from "./ActionButton.tsx"
import type { ChannelShown } from "./channel-shown.ts"

interface MuteProps {
  readonly shown: ChannelShown
  /** Left out, the whole channel. */
  readonly output?: OutputView
}

const untilOf = ({ output, shown: { channel, muting } }: MuteProps) => muting(channel.slug, output?.slug ?? null)

/** Until when something is muted, with the way to what mutes it; nothing when it is not. */
export const Muted = (props: MuteProps) => {
  const until = untilOf(props)
  return until === null ? null : (
    <a href="/settings/notifications#mute">
      muted until <Time at={until} to="minute" />
    </a>
  )
}

/** Mutes for an hour with one click; nothing where that is so already. */
export const MuteButton = ({ path, ...props }: MuteProps & { readonly path: string }) => {
  const { output, shown } = props
  const of = output === undefined ? `channel ${shown.channel.name}` : `output ${output.name}`
  return untilOf(props) === null ? <ActionButton to={`${path}/mute`} label="Mute 1 h" of={of} /> : null
}
