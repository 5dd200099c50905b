/** Channels that run for their outputs: `auto_run: on_demand`. Pure. */

import type { ChannelConfig } from "../model/channel.ts"
import { hasEnabled } from "./validate.ts"

/**
 * Whether the channel is to be started (true) or stopped (false) by a change of its configuration; null when it stays
 * as it is. One that the operator started or stopped by hand stays so until an output is enabled, or the last one is
 * not any more.
 */
export const demandedBy = (before: ChannelConfig, after: ChannelConfig): boolean | null => {
  if (after.auto_run === "off") return null
  if (before.auto_run === "off") return hasEnabled(after.outputs)
  const had = new Set(before.outputs.flatMap(({ enabled, id }) => (enabled ? [id] : [])))
  if (after.outputs.some(({ enabled, id }) => enabled && !had.has(id))) return true
  return had.size > 0 && !hasEnabled(after.outputs) ? false : null
}

/** Whether a stored channel is started with the service. */
export const startsWithService = ({ auto_run, autostart, outputs, should_run }: ChannelConfig): boolean =>
  auto_run === "on_demand" ? hasEnabled(outputs) && (autostart || should_run) : autostart || should_run
