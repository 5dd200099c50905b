/** @jsxImportSource hono/jsx */
/** MediaLive beside the legs of a channel, for the channel's page. */
import type { BesideView, ChannelMediaLiveView } from "../../src/effects/medialive/medialive-bodies.ts"
import type { ChannelView, LegView } from "../../src/effects/model/channel.ts"
import { formatBitrate } from "../format.ts"
import { CopyText } from "../layout/CopyText.tsx"
import { Alerts, Figures, LifecycleMark } from "./medialive-parts.tsx"

const LOOKS: Readonly<Record<BesideView["at"], string>> = {
  none: "banner good",
  wait: "banner",
  here: "banner warning",
  there: "banner warning",
  between: "banner warning",
  unknown: "banner warning",
}

const Ours = ({ leg }: { readonly leg: LegView | undefined }) =>
  leg === undefined ? null : (
    <span>
      here: {leg.receiving ? formatBitrate(leg.bitrate) : "nothing arrives"}, {leg.counters["rtp_unrecovered"] ?? 0}{" "}
      packets lost, {leg.verdict}
    </span>
  )

interface Shown {
  readonly beside: BesideView
  readonly leg: LegView | undefined
  readonly mayAct: boolean
}

/** Leads to the question that names price and consequences. */
const Act = ({ beside: { id, state }, mayAct }: Shown) => {
  const verb = state === "IDLE" ? "start" : state === "RUNNING" ? "stop" : null
  return verb === null || !mayAct ? null : (
    <a class="button" href={`/medialive/channels/${encodeURIComponent(id)}/${verb}`}>
      {verb === "start" ? "Start MediaLive…" : "Stop MediaLive…"}
    </a>
  )
}

const BesideLeg = ({ beside, leg, mayAct }: Shown) => (
  <div id={`beside-${beside.source}-${beside.id}-${beside.pipeline}`} class="leg">
    <h3>
      pipeline {beside.pipeline} → {beside.source}
    </h3>
    <div class="state-line">
      <a href={`/medialive/channels/${beside.id}`}>{beside.name}</a>
      <LifecycleMark {...beside} />
      <Ours leg={leg} />
      <Act beside={beside} leg={leg} mayAct={mayAct} />
    </div>
    <p class={LOOKS[beside.at]}>{beside.sentence}</p>
    <Alerts alerts={beside.alerts} />
    <details>
      <summary>MediaLive's figures</summary>
      <Figures figures={beside.figures} of={`pipeline ${beside.pipeline}`} />
    </details>
  </div>
)

const Values = ({ view }: { readonly view: ChannelMediaLiveView }) => (
  <div id="beside-values">
    {view.beside.length > 0 ? null : (
      <p>No output of MediaLive sends to this channel. Type these values there, and it does:</p>
    )}
    <details open={view.beside.length === 0}>
      <summary>Values to type into MediaLive</summary>
      {view.values.map(({ name, setting, value, why }) => (
        <div class="field">
          <strong>{name}</strong> <span class="hint">{why}</span>
          <CopyText name={name} text={value} />
          <code class="hint">{setting}</code>
        </div>
      ))}
    </details>
  </div>
)

/** One item for each leg that is fed, and what to type. */
export const besideItems = (view: ChannelMediaLiveView, channel: ChannelView, mayAct: boolean) => [
  ...view.beside.map((beside) => {
    const leg = channel.input.legs.find(({ source }) => source === beside.source)
    return {
      id: `beside-${beside.source}-${beside.id}-${beside.pipeline}`,
      html: String(<BesideLeg beside={beside} leg={leg} mayAct={mayAct} />),
    }
  }),
  { id: "beside-values", html: String(<Values view={view} />) },
]
