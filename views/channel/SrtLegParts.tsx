/** @jsxImportSource hono/jsx */
import type { LegView, SrtLegView } from "../../src/effects/model/channel.ts"
import { formatUptime } from "../format.ts"
import { CopyText } from "../layout/CopyText.tsx"
import { encoderHelp } from "./encoder-lines.ts"

const STATES: Readonly<Record<SrtLegView["state"], string>> = {
  stopped: "stopped",
  connecting: "connecting",
  listening: "waiting for the sender",
  connected: "connected",
}

/** How the SRT connection of a leg is, and why the last one failed or a sender was refused. */
export const SrtState = ({ srt }: { readonly srt: SrtLegView }) => (
  <span class="hint">
    SRT {srt.mode}, {STATES[srt.state]}
    {srt.peer === null ? null : (
      <>
        {" "}
        from <code>{srt.peer}</code>
      </>
    )}
    {srt.stream_id === null || srt.stream_id === "" ? null : (
      <>
        {" "}
        as <code>{srt.stream_id}</code>
      </>
    )}
  </span>
)

/** What the last sender that was turned away was refused for; nothing when none was. */
export const SrtRefusal = ({ srt }: { readonly srt: SrtLegView }) =>
  srt.last_refused === null ? null : (
    <li class="warning">
      {srt.refused === 1 ? "A sender was refused" : `${srt.refused} senders were refused, the last one`}:{" "}
      {srt.last_refused}
    </li>
  )

/** Figures of an SRT connection by their names. */
export const srtFigures = ({ connections, figures, uptime }: SrtLegView) => {
  const figure = (name: string) => figures?.[name] ?? 0
  const ms = (name: string, digits = 0) => (figures === null ? "not known" : `${figure(name).toFixed(digits)} ms`)
  return [
    ["SRT connection", uptime > 0 ? formatUptime(uptime) : "none"],
    ["Connections", connections],
    ["Round trip", ms("rtt_ms", 1)],
    ["Latency", ms("latency_ms")],
    ["SRT lost", figure("packets_lost")],
    ["Retransmitted", figure("packets_retransmitted")],
    ["Too late", figure("packets_belated")],
    ["Dropped", figure("packets_dropped")],
    ["Not decrypted", figure("packets_undecrypted")],
    ["SRT buffer", `${figure("receive_buffer_packets")} packets, ${ms("receive_buffer_ms")}`],
  ] as const
}

/** What to enter in an encoder that calls this leg; an empty part for the others, which other parts stand beside. */
export const LegEncoder = ({ leg, origin }: { readonly leg: LegView; readonly origin: string }) => {
  const help = encoderHelp(leg, origin)
  const id = `leg-${leg.source}-encoder`
  if (help === null) return <div id={id} class={`leg of-${leg.source} encoder`} hidden />
  return (
    <details id={id} class={`leg of-${leg.source} encoder`}>
      <summary>What to enter in the encoder of the {leg.source}</summary>
      {help.lines.map(({ encoder, place, text }) => (
        <div>
          <strong>{encoder}</strong> <span class="hint">{place}</span>
          <CopyText name={`line for ${encoder}`} text={text} />
        </div>
      ))}
      {help.notes.map((note) => (
        <p class="hint">{note}</p>
      ))}
    </details>
  )
}
