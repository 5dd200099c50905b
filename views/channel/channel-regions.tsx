/** @jsxImportSource hono/jsx */
/** Parts of a channel's page that change by themselves: rendered with the page, and again for its event stream. */
import type { LegView } from "../../src/effects/model/channel.ts"
import { LogRow } from "../system/LogRow.tsx"
import { ChannelActions, ChannelAlarms, ChannelState } from "./ChannelHead.tsx"
import { CueRow } from "./CueRow.tsx"
import { CueTimeline } from "./CueTimeline.tsx"
import type { ChannelShown, Region } from "./channel-shown.ts"
import { copyableUrls } from "./copyable-urls.ts"
import { EventRow } from "./EventRow.tsx"
import { LegErrors, LegFigures, LegFindings, LegHead, type LegProps, LegStreams, LegSummary } from "./LegParts.tsx"
import { OutputPanel } from "./OutputPanel.tsx"
import { failingFirst, OutputRow } from "./OutputRows.tsx"
import { PlacementState } from "./PlacementSection.tsx"
import { LegEncoder } from "./SrtLegParts.tsx"
import { UrlItem } from "./UrlItem.tsx"

/** Most cues listed; breaks are looked for among all cues given. */
const LISTED_CUES = 20

/** What a leg says at first sight, and below, all of it. */
const CARD_PARTS = { head: LegHead, summary: LegSummary } as const
const LEG_PARTS = {
  figures: LegFigures,
  errors: LegErrors,
  findings: LegFindings,
  streams: LegStreams,
  encoder: LegEncoder,
} as const satisfies Record<string, (props: LegProps) => unknown>

const legItems = (
  { channel, mayAct, mayCapture, origin }: ChannelShown,
  leg: LegView,
  parts: typeof CARD_PARTS | typeof LEG_PARTS,
): Region["items"] =>
  Object.entries(parts).map(([name, Part]) => ({
    id: `leg-${leg.source}-${name}`,
    html: String(<Part channel={channel} leg={leg} mayAct={mayAct} mayCapture={mayCapture} origin={origin} />),
  }))

export const channelRegions = (shown: ChannelShown) => {
  const { channel, cues, events, log, mayAct } = shown
  return {
    head: {
      id: "channel-head",
      items: [
        { id: "channel-state", html: String(<ChannelState shown={shown} />) },
        ...(mayAct ? [{ id: "channel-actions", html: String(<ChannelActions shown={shown} />) }] : []),
        { id: "channel-alarms", html: String(<ChannelAlarms shown={shown} />) },
      ],
    },
    ...(shown.beside === null ? {} : { beside: { id: "beside", items: shown.beside } }),
    cards: { id: "leg-cards", items: channel.input.legs.flatMap((leg) => legItems(shown, leg, CARD_PARTS)) },
    legs: { id: "legs", items: channel.input.legs.flatMap((leg) => legItems(shown, leg, LEG_PARTS)) },
    panel: {
      id: "output-panel",
      items: channel.outputs
        .filter(({ slug }) => slug === shown.selected)
        .map((output) => ({ id: `panel-${output.id}`, html: String(<OutputPanel output={output} shown={shown} />) })),
    },
    outputs: {
      id: "output-rows",
      items: failingFirst(channel.outputs).map((output) => ({
        id: `output-${output.id}`,
        html: String(<OutputRow output={output} shown={shown} />),
      })),
    },
    urls: {
      id: "urls",
      items: copyableUrls(shown).map((one) => ({ id: `url-${one.id}`, html: String(<UrlItem one={one} />) })),
    },
    breaks: { id: "breaks", items: [{ id: "cue-timeline", html: String(<CueTimeline shown={shown} />) }] },
    cues: {
      id: "cue-rows",
      items: cues.slice(0, LISTED_CUES).map((cue) => ({ id: `cue-${cue.id}`, html: String(<CueRow cue={cue} />) })),
    },
    placement: {
      id: "placement",
      items:
        shown.placement === undefined
          ? []
          : [{ id: "placement-state", html: String(<PlacementState placement={shown.placement} />) }],
    },
    log: { id: "log-rows", items: log.map((line) => ({ id: `log-${line.id}`, html: String(<LogRow line={line} />) })) },
    events: {
      id: "event-rows",
      items: events.map((event) => ({ id: `event-${event.id}`, html: String(<EventRow event={event} />) })),
    },
  } satisfies Record<string, Region>
}
