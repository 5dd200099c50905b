/** @jsxImportSource hono/jsx */
import type { ChannelView, LegView } from "../../src/effects/model/channel.ts"
import { formatAddress, formatBitrate } from "../format.ts"
import { ActionButton } from "./ActionButton.tsx"
import { CaptureLink } from "./CaptureLink.tsx"
import { pathOf } from "./channel-shown.ts"
import { SrtRefusal, SrtState, srtFigures } from "./SrtLegParts.tsx"
import { StatusMark } from "./StatusMark.tsx"

export interface LegProps {
  readonly channel: ChannelView
  readonly leg: LegView
  readonly mayAct: boolean
  readonly mayCapture: boolean
  /** Origin in the reader's browser. */
  readonly origin: string
}

const NAMES = { primary: "Primary", backup: "Backup" } as const

const classOf = (leg: LegView, part: string) => `leg of-${leg.source} ${part}`
const count = (leg: LegView, ...names: ReadonlyArray<string>) =>
  names.reduce((sum, name) => sum + (leg.counters[name] ?? 0), 0)
const ms = (value: number, digits = 1) => `${value.toFixed(digits)} ms`
const bytes = (value: number) => `${(value / 1024 / 1024).toFixed(1)} MiB`

/** A leg's name, address and state with the reason, and the button that takes it on air. */
export const LegHead = ({ channel, leg, mayAct, mayCapture }: LegProps) => {
  const isActive = channel.active_source === leg.source
  const isStopped = channel.status === "stopped"
  const path = pathOf(channel)
  const shown = isActive ? channel.error : null
  return (
    <div id={`leg-${leg.source}-head`} class={classOf(leg, "leg-head")}>
      <h3>
        {NAMES[leg.source]} <span class="role">{isActive ? "▶ in use" : "standby"}</span>
      </h3>
      {isStopped ? null : <StatusMark status={leg.verdict} />}
      <code>{leg.url ?? formatAddress(leg.ip, leg.port)}</code>
      {leg.srt === null ? null : <SrtState srt={leg.srt} />}
      {leg.sender === null || leg.srt !== null ? null : (
        <span class="hint">
          {leg.framing === "udp" ? "raw TS" : "RTP"} from <code>{leg.sender}</code>
        </span>
      )}
      {mayAct && !isActive && !isStopped ? (
        <ActionButton
          to={`${path}/switch/${leg.source}`}
          label={`Switch to ${leg.source}`}
          of={leg.verdict === "lost" ? "although nothing usable arrives" : "now"}
        />
      ) : null}
      {mayCapture && !isStopped ? (
        <CaptureLink path={`/api${path}/legs/${leg.source}/capture`} of={`the ${leg.source}`} />
      ) : null}
      <ul class="notes">
        {leg.reasons.map((reason) => (
          <li class={leg.verdict === "degraded" ? "warning" : "error"}>{reason}</li>
        ))}
        {leg.last_error === null || leg.last_error === shown ? null : <li class="error">{leg.last_error}</li>}
        {leg.srt === null ? null : <SrtRefusal srt={leg.srt} />}
        {leg.warnings
          .filter((warning) => warning !== leg.last_error)
          .map((warning) => (
            <li class="warning">{warning}</li>
          ))}
      </ul>
    </div>
  )
}

const MEASURES: ReadonlyArray<readonly [name: string, of: (leg: LegView) => number, text: (value: number) => string]> =
  [
    ["Bit rate", ({ bitrate }) => bitrate, formatBitrate],
    [
      "Lost",
      (leg) => (leg.srt === null ? count(leg, "rtp_lost") : (leg.srt.figures?.["packets_lost"] ?? 0)),
      (value) => String(value),
    ],
    ["Continuity errors", (leg) => count(leg, "cc_errors"), (value) => String(value)],
    ["PCR jitter", ({ pcr_jitter_ms }) => pcr_jitter_ms, (value) => ms(value, 2)],
    ["Longest gap", ({ max_gap_ms }) => max_gap_ms, (value) => ms(value)],
  ]
/** Share by which a figure of two legs may differ before that is marked. */
const ALIKE = 0.1

/** Five figures of a leg, marked where the other leg's are others. */
export const LegSummary = ({ channel, leg }: LegProps) => {
  const other = channel.input.legs.find(({ source }) => source !== leg.source)
  return (
    <dl id={`leg-${leg.source}-summary`} class={classOf(leg, "summary")}>
      {MEASURES.map(([name, of, text]) => {
        const value = of(leg)
        const differs = other !== undefined && Math.abs(value - of(other)) > ALIKE * Math.max(value, of(other))
        return (
          <div class={differs ? "differs" : undefined} title={differs ? "Not as the other leg" : undefined}>
            <dt>{name}</dt>
            <dd class="number">{text(value)}</dd>
          </div>
        )
      })}
    </dl>
  )
}

type Figures = ReadonlyArray<readonly [name: string, value: string | number]>

/** What a leg that is received by RTP or UDP lost and got back. */
const rtpFigures = (leg: LegView): Figures => {
  const fec = leg.fec === null ? "no FEC" : `${leg.fec.columns} × ${leg.fec.rows}, ${Math.round(leg.fec.latency_ms)} ms`
  return [
    ["RTP lost", count(leg, "rtp_lost")],
    ["Recovered by FEC", `${count(leg, "fec_recovered")} (${fec})`],
    ["Unrecovered", count(leg, "rtp_unrecovered")],
    ["Reordered", `${count(leg, "rtp_reordered")}, ${count(leg, "rtp_late")} too late`],
    ["Duplicates", count(leg, "rtp_duplicates")],
  ]
}

/** Figures of a leg: rates, losses, repairs and times. */
export const LegFigures = ({ leg }: LegProps) => {
  const figures: Figures = [
    ["Bit rate", formatBitrate(leg.bitrate)],
    ["By its PCR", formatBitrate(leg.pcr_bitrate)],
    ...(leg.srt === null ? rtpFigures(leg) : srtFigures(leg.srt)),
    ["Used by the merge", `${count(leg, "merge_used")} TS packets`],
    ["Jitter", ms(leg.jitter_ms, 2)],
    ["PCR jitter", `${ms(leg.pcr_jitter_ms, 2)}, ${ms(leg.pcr_jitter_max_ms, 2)} at most`],
    ["Longest gap", ms(leg.max_gap_ms)],
    [
      "Access points",
      leg.access_point_interval_ms === null ? "not known" : `every ${ms(leg.access_point_interval_ms, 0)}`,
    ],
    ...(leg.srt === null
      ? [["Kernel drops", leg.kernel_drops] as const, ["Kernel buffer", bytes(leg.rcvbuf_bytes)] as const]
      : []),
  ]
  return (
    <dl id={`leg-${leg.source}-figures`} class={classOf(leg, "figures")}>
      {figures.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const TR_101_290: ReadonlyArray<readonly [priority: 1 | 2, name: string, counter: string]> = [
  [1, "1.1 Sync loss", "sync_losses"],
  [1, "1.2 Sync byte", "sync_byte_errors"],
  [1, "1.3 PAT", "pat_errors"],
  [1, "1.4 Continuity count", "cc_errors"],
  [1, "1.5 PMT", "pmt_errors"],
  [1, "1.6 PID", "pid_errors"],
  [2, "2.1 Transport", "tei"],
  [2, "2.2 CRC", "crc_errors"],
  [2, "2.3a PCR repetition", "pcr_repetition_errors"],
  [2, "2.3b PCR discontinuity", "pcr_discontinuity_errors"],
  [2, "2.5 PTS", "pts_errors"],
  [2, "2.6 CAT", "cat_errors"],
]

/** Counters of TR 101 290, first and second priority, since the leg was opened; folded while all are zero. */
export const LegErrors = ({ leg }: LegProps) => {
  const errors = TR_101_290.filter(([, , counter]) => count(leg, counter) > 0)
  return (
    <details id={`leg-${leg.source}-errors`} class={classOf(leg, "tr101290")} open={errors.length > 0}>
      <summary>
        TR 101 290 of the {leg.source}: {errors.length === 0 ? "no errors" : errors.map(([, name]) => name).join(", ")}
      </summary>
      {([1, 2] as const).map((priority) => (
        <dl class="figures" aria-label={`Priority ${priority}`}>
          {TR_101_290.filter(([of]) => of === priority).map(([, name, counter]) => (
            <div class={count(leg, counter) > 0 ? "warning" : undefined}>
              <dt>{name}</dt>
              <dd class="number">{count(leg, counter)}</dd>
            </div>
          ))}
        </dl>
      ))}
    </details>
  )
}

/** Findings of the preflight check: things that would surprise somebody later. */
export const LegFindings = ({ channel, leg }: LegProps) => (
  <div id={`leg-${leg.source}-findings`} class={classOf(leg, "findings")}>
    <h3>Preflight of the {leg.source}</h3>
    {channel.status === "stopped" || leg.findings.length === 0 ? (
      <p class="hint">
        {channel.status === "stopped" ? "Not received while the channel is stopped." : "Nothing to look at."}
      </p>
    ) : (
      <ul class="notes">
        {leg.findings.map(({ message }) => (
          <li>{message}</li>
        ))}
      </ul>
    )}
  </div>
)

const hex = (n: number) => `0x${n.toString(16).padStart(2, "0")}`

/** Programmes with their streams, and the bit rate of every PID. */
export const LegStreams = ({ leg }: LegProps) => {
  const types = new Map(
    leg.programmes.flatMap(({ streams }) => streams.map(({ pid, stream_type }) => [pid, stream_type] as const)),
  )
  return (
    <details id={`leg-${leg.source}-streams`} class={classOf(leg, "streams")}>
      <summary>
        Programmes and PIDs of the {leg.source} ({leg.programmes.length}, {leg.pids.length})
      </summary>
      {leg.programmes.map((p) => (
        <p>
          Programme {p.program_number}: PMT PID {p.pmt_pid}, version {p.version}, PCR PID {p.pcr_pid}
          {p.cuei ? ", CUEI" : ""}
        </p>
      ))}
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">
              PID
            </th>
            <th scope="col">Stream type</th>
            <th scope="col" class="number">
              Bit rate
            </th>
          </tr>
        </thead>
        <tbody>
          {leg.pids.map(({ bitrate, pid }) => {
            const type = types.get(pid)
            return (
              <tr>
                <td class="number">{pid}</td>
                <td>
                  {type === undefined ? "" : hex(type)}
                  {leg.scte35_pids.includes(pid) ? " SCTE-35" : ""}
                </td>
                <td class="number">{formatBitrate(bitrate)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </details>
  )
}
