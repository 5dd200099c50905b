/** @jsxImportSource hono/jsx */
import type { Totals } from "./totals.ts"

const some = (n: number, word: string, is: string) =>
  n === 0 ? null : (
    <span class={`status is-${is}`}>
      <span class="mark"></span>
      <b>{n}</b> {word}
    </span>
  )

/** Totals above the list; a live region of one item. */
export const TotalsLine = ({ totals }: { readonly totals: Totals }) => (
  <p id="totals-line">
    {some(totals.channels.error, "in error", "error")}
    {some(totals.channels.starting, "starting", "starting")}
    {some(totals.channels.running, "running", "running")}
    {some(totals.channels.stopped, "stopped", "stopped")}
    <span class="group">outputs</span>
    {some(totals.outputs.failing, "failing", "retrying")}
    {some(totals.outputs.connecting, "connecting", "connecting")}
    {some(totals.outputs.idle, "idle", "idle")}
    {some(totals.outputs.connected, "connected", "connected")}
    <span class="group">
      in <b>{totals.input}</b>, out <b>{totals.output}</b>
    </span>
  </p>
)

/** A sentence about a problem of the service itself. */
export const ServiceProblem = ({ id, text }: { readonly id: string; readonly text: string }) => (
  <p id={id} class="banner warning">
    {text}
  </p>
)
