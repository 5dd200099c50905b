/** Mutes of an hour, which take one click. */
import type { AppServices } from "../services/services.ts"

const MINUTES = 60

/** Mutes a channel, or one of its outputs, for an hour; without a channel, everything. */
export const muteForAnHour = (
  { notifications }: Pick<AppServices, "notifications">,
  channel: string | null,
  output: string | null = null,
) => notifications.mute({ channel, output, minutes: MINUTES })
