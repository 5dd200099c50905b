/** @jsxImportSource hono/jsx */
import type { WorstState } from "../../src/effects/model/channel.ts"
import { STATE_WORDS } from "./list-row.ts"
import type { Totals } from "./totals.ts"

/** States in the order of the strip, with the mark of each. */
const STRIP: ReadonlyArray<readonly [state: WorstState, is: string]> = [
  ["no_input", "error"],
  ["error", "error"],
  ["degraded", "degraded"],
  ["outputs_down", "retrying"],
  ["warning", "warning"],
  ["starting", "starting"],
  ["stopping", "starting"],
  ["ok", "ok"],
  ["stopped", "stopped"],
]

const Counter = ({ count, is, isOn, state }: { count: number; is: string; isOn: boolean; state: WorstState }) => (
  <a
    class={`counter is-${is}`}
    href={isOn ? "/" : `/?state=${state}`}
    data-state={state}
    aria-current={isOn ? "true" : undefined}
  >
    <span class="mark"></span>
    <b>{count}</b> {STATE_WORDS[state]}
  </a>
)

/** Counters above the list, which filter it, and sums; a live region of one item. */
export const TotalsLine = ({ state, totals }: { readonly totals: Totals; readonly state?: WorstState | undefined }) => {
  const { channels, outputs } = totals
  return (
    <div id="totals-line">
      {STRIP.map(([name, is]) => {
        const count = channels[name] ?? 0
        return count === 0 && name !== state ? null : (
          <Counter count={count} is={is} isOn={name === state} state={name} />
        )
      })}
      <span class="group">
        outputs <b>{outputs.connected}</b> up
        {outputs.failing === 0 ? null : (
          <>
            , <b class="error">{outputs.failing}</b> down
          </>
        )}
        {outputs.connecting === 0 ? null : `, ${outputs.connecting} connecting`}
        {outputs.idle === 0 ? null : `, ${outputs.idle} idle`}
      </span>
      <span class="group">
        in <b>{totals.input}</b>, out <b>{totals.output}</b>
      </span>
    </div>
  )
}

/** A sentence about a problem of the service itself. */
export const ServiceProblem = ({ id, text }: { readonly id: string; readonly text: string }) => (
  <p id={id} class="banner warning">
    {text}
  </p>
)
