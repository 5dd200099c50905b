/** Expressions that several dashboards show. */
import { of } from "./query.ts"

/** 0: stopped, 1: is to run and does not, 2: runs. */
export const channelState = (...matchers: ReadonlyArray<string>): string =>
  `${of("distributor_channel_desired", ...matchers)} + ${of("distributor_channel_running", ...matchers)}`

/** 0: off, 1: is to send and is not connected, 2: up. */
export const outputState = (...matchers: ReadonlyArray<string>): string =>
  `${of("distributor_output_desired", ...matchers)} + ${of("distributor_output_up", ...matchers)}`

/** Alerts that fire; the watchdog, which always does, has no instance. */
export const firing = (...matchers: ReadonlyArray<string>): string => of("ALERTS", 'alertstate="firing"', ...matchers)

/** Part of the SRT packets that were sent again. */
export const retransmitted = (...matchers: ReadonlyArray<string>): string => {
  const of5m = (name: string) => `rate(${of(`distributor_srt_${name}_total`, ...matchers)}[$__rate_interval])`
  return `${of5m("retransmitted_packets")} / (${of5m("sent_unique_packets")} > 0)`
}
