/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { HistoryWindow } from "../../src/effects/history/history-model.ts"
import { timesAre } from "../station-time.ts"
import { LOG_CHOICES, LogColumns } from "../system/LogRow.tsx"
import { channelRegions } from "./channel-regions.tsx"
import type { ChannelShown } from "./channel-shown.ts"

export interface ChannelLogProps {
  /** Path of the channel's page. */
  readonly path: string
  readonly shown: ChannelShown
  /** Window of the plots, which a change of level keeps. */
  readonly window: HistoryWindow
}

/** Lines of the service's log about this channel. */
export const ChannelLog = ({ path, shown, window }: ChannelLogProps) => (
  <section class="card tab" id="log" aria-labelledby="log-title">
    <h2 id="log-title">Log</h2>
    <form method="get" action={`${path}#log`} class="toolbar">
      <input type="hidden" name="window" value={window} />
      <label for="log-level">Level</label>
      <select id="log-level" name="level">
        <option value="">all</option>
        {LOG_CHOICES.map(({ name, value }) => (
          <option value={value} selected={value === shown.level}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit">Show</button>
    </form>
    <section class="table-scroll" tabindex={0} aria-label="Table of log lines">
      <table class="stack log">
        <caption>The last lines since the service was started; {timesAre()}</caption>
        <thead>
          <LogColumns />
        </thead>
        <tbody id="log-rows">
          {raw(
            channelRegions(shown)
              .log.items.map(({ html }) => html)
              .join(""),
          )}
        </tbody>
      </table>
    </section>
  </section>
)
