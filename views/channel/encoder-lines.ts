/**
 * What to enter in an encoder so that it sends to an SRT listener of a channel, with the host by which the reader
 * reached this service. The passphrase is never shown: whoever sets up the encoder has to know it.
 */
import type { LegView } from "../../src/effects/model/channel.ts"

export interface EncoderLine {
  /** The encoder, or the program. */
  readonly encoder: string
  /** Where the line goes. */
  readonly place: string
  readonly text: string
}

export interface EncoderHelp {
  readonly lines: ReadonlyArray<EncoderLine>
  readonly notes: ReadonlyArray<string>
}

/** Stands for the passphrase. */
const PASSPHRASE = "PASSPHRASE"
/** Local addresses that stand for all addresses. */
const ANY = new Set(["", "0.0.0.0", "::"])
/** The stream id of a leg at the ingest port, for which the bare name does as well. */
const NAMED = /^#!::r=([^,{}]+),m=publish$/

/** Few programs unescape values, so that only what would end one is escaped. */
export const inUrl = (value: string): string => value.replace(/[%&#+\s]/g, encodeURIComponent)

interface Dialled {
  readonly host: string
  readonly port: number
  readonly latencyMs: number
  /** "" for none. */
  readonly streamId: string
  /** Length of the key in bits; null without encryption. */
  readonly aesBits: number | null
}

const dialled = ({ ip, port, srt }: LegView, hostname: string): Dialled => {
  const option = (name: string) => srt?.options[name]
  const host = ANY.has(ip) ? hostname : ip.includes(":") ? `[${ip}]` : ip
  const bits = /^AES-(\d+)$/.exec(String(option("encryption") ?? ""))?.[1]
  return {
    host,
    port,
    latencyMs: Number(option("latency_ms") ?? 120),
    streamId: String(option("stream_id") ?? ""),
    aesBits: bits === undefined ? null : Number(bits),
  }
}

/** `srt://HOST:PORT?mode=caller...`; latencies of FFmpeg, and of what is built on it, are in µs. */
const urlOf = ({ aesBits, host, latencyMs, port, streamId }: Dialled, unit: "ms" | "us"): string => {
  const bare = NAMED.exec(streamId)?.[1] ?? streamId
  const parts = [
    "mode=caller",
    `latency=${unit === "us" ? latencyMs * 1000 : latencyMs}`,
    ...(bare === "" ? [] : [`streamid=${inUrl(bare)}`]),
    ...(aesBits === null ? [] : [`passphrase=${PASSPHRASE}`, `pbkeylen=${aesBits / 8}`]),
  ]
  return `srt://${host}:${port}?${parts.join("&")}`
}

export const list = (parts: ReadonlyArray<readonly [name: string, value: string | number | null]>): string =>
  parts.flatMap(([name, value]) => (value === null || value === "" ? [] : [`${name}: ${value}`])).join(" · ")

const linesOf = (to: Dialled): ReadonlyArray<EncoderLine> => {
  const { aesBits, host, latencyMs, port, streamId } = to
  const encrypted = aesBits === null ? null : PASSPHRASE
  const aes = aesBits === null ? "off" : `AES-${aesBits}`
  return [
    {
      encoder: "ffmpeg",
      place: "on a command line",
      text: `ffmpeg -re -i INPUT -c copy -f mpegts '${urlOf(to, "us")}'`,
    },
    { encoder: "OBS", place: "Settings, Stream, service Custom, as the server; no stream key", text: urlOf(to, "us") },
    {
      encoder: "vMix",
      place: "Settings, Outputs, SRT",
      text: list([
        ["Type", "Caller"],
        ["Hostname", host],
        ["Port", port],
        ["Latency", latencyMs],
        ["Stream ID", streamId],
        ["Key Length", aesBits],
        ["Passphrase", encrypted],
      ]),
    },
    {
      encoder: "Videon",
      place: "an SRT output of a LiveEdge node",
      text: list([
        ["Mode", "Caller"],
        ["Address", `srt://${host}:${port}`],
        ["Latency, ms", latencyMs],
        ["Stream ID", streamId],
        ["Encryption", aes],
        ["Passphrase", encrypted],
      ]),
    },
    {
      encoder: "srt-live-transmit",
      place: "on a command line, from a UDP stream on port 5000",
      text: `srt-live-transmit udp://:5000 '${urlOf(to, "ms")}'`,
    },
    {
      encoder: "MediaLive",
      place: "an SRT output group, connection mode Caller",
      text: list([
        ["URL", `srt://${host}:${port}`],
        ["Stream ID", streamId],
        ["Latency, ms", latencyMs],
        ["Encryption type", aesBits === null ? null : `AES${aesBits}`],
        ["Encryption passphrase", aesBits === null ? null : `a secret in Secrets Manager that holds ${PASSPHRASE}`],
      ]),
    },
  ]
}

/** What to enter for a leg; null for one that no encoder calls. `origin` is where the reader reached this service. */
export const encoderHelp = (leg: LegView, origin: string): EncoderHelp | null => {
  if (leg.srt?.mode !== "listener") return null
  const to = dialled(leg, new URL(origin).hostname)
  return {
    lines: linesOf(to),
    notes: [
      ...(to.aesBits === null
        ? ["MediaLive always encrypts: for it this input needs a passphrase."]
        : [`Put the passphrase of this input where ${PASSPHRASE} stands. It is never shown here.`]),
      ...(NAMED.test(to.streamId)
        ? [
            `Its stream id tells this input from others at the port; ${NAMED.exec(to.streamId)?.[1]} alone does as well.`,
          ]
        : []),
      ...(to.streamId.includes("***") ? ["Put the password of its stream id where *** stands."] : []),
      `Firewalls must let in UDP ${to.port}.`,
    ],
  }
}
