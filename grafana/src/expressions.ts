/** PromQL expressions used on several dashboards. */
import { of } from "./query.ts"

/** State of a channel: 0 stopped, 1 should run but does not, 2 runs. */
export const channelState = (...matchers: ReadonlyArray<string>): string =>
  `${of("distributor_channel_desired", ...matchers)} + ${of("distributor_channel_running", ...matchers)}`

/** State of an output: 0 off, 1 should send but is not connected, 2 up. */
export const outputState = (...matchers: ReadonlyArray<string>): string =>
  `${of("distributor_output_desired", ...matchers)} + ${of("distributor_output_up", ...matchers)}`

/** Firing alerts. The watchdog, which always fires, has no instance and is left out. */
export const firing = (...matchers: ReadonlyArray<string>): string => of("ALERTS", 'alertstate="firing"', ...matchers)

/** Share of SRT packets that were retransmitted. */
export const retransmitted = (...matchers: ReadonlyArray<string>): string => {
  const of5m = (name: string) => `rate(${of(`distributor_srt_${name}_total`, ...matchers)}[$__rate_interval])`
  return `${of5m("retransmitted_packets")} / (${of5m("sent_unique_packets")} > 0)`
}
