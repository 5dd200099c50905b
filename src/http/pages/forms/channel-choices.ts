/** Channels as a form offers them to choose from. */
import type { Choice } from "../../../../views/forms/form-state.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"

export const channelChoices = (channels: ReadonlyArray<ChannelView>): ReadonlyArray<Choice> =>
  channels.map(({ name, number, slug }) => ({ value: slug, text: `${number} ${name}` }))
