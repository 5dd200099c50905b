/**
 * What a partner sets on their side to receive an output: as a line to copy for each program. Passphrases and keys are
 * never shown: both sides have to know them.
 */
import type { OutputView } from "../../src/effects/model/channel.ts"
import { inUrl, list } from "../channel/encoder-lines.ts"

export interface ReceiverLine {
  /** The program. */
  readonly program: string
  /** Where the line goes. */
  readonly place: string
  readonly text: string
}

export interface ReceiverHelp {
  /** One sentence: who calls whom. */
  readonly how: string
  readonly lines: ReadonlyArray<ReceiverLine>
  readonly notes: ReadonlyArray<string>
}

const PASSPHRASE = "PASSPHRASE"
const ANY = new Set(["", "0.0.0.0", "[::]", "*"])
const PLACE = /^[a-z]+:\/\/@?(\[[^\]]*\]|[^:/?@]*):(\d+)/i

interface Dialled {
  /** What the receiver does: it calls, waits to be called, or both call each other. */
  readonly mode: "caller" | "listener" | "rendezvous"
  readonly host: string
  readonly port: string
  readonly latencyMs: number
  /** "" for none. */
  readonly streamId: string
  /** Length of the key in bits; null without encryption. */
  readonly aesBits: number | null
}

const OPPOSITE = { listener: "caller", caller: "listener", rendezvous: "rendezvous" } as const

/** How an SRT output is received; null where its URL names no port. */
const dialledOf = ({ options, url }: OutputView, hostname: string): Dialled | null => {
  const [, local, port] = PLACE.exec(url) ?? []
  if (local === undefined || port === undefined) return null
  const ours = options["mode"]
  const mode = OPPOSITE[ours === "listener" || ours === "rendezvous" ? ours : "caller"]
  const bits = /(\d{3})$/.exec(String(options["encryption"] ?? ""))?.[1]
  return {
    mode,
    // Who waits takes calls on all of its addresses.
    host: mode === "listener" ? "0.0.0.0" : mode === "rendezvous" || ANY.has(local) ? hostname : local,
    port,
    latencyMs: Number(options["latency_ms"] ?? 120),
    streamId: mode === "caller" ? String(options["stream_id"] ?? "") : "",
    aesBits: bits === undefined ? null : Number(bits),
  }
}

/** `srt://HOST:PORT?mode=...`; latencies of FFmpeg, and of what is built on it, are in µs. */
const urlOf = ({ aesBits, host, latencyMs, mode, port, streamId }: Dialled, unit: "ms" | "us"): string => {
  const parts = [
    `mode=${mode}`,
    `latency=${unit === "us" ? latencyMs * 1000 : latencyMs}`,
    ...(streamId === "" ? [] : [`streamid=${inUrl(streamId)}`]),
    ...(aesBits === null ? [] : [`passphrase=${PASSPHRASE}`, `pbkeylen=${aesBits / 8}`]),
  ]
  return `srt://${host}:${port}?${parts.join("&")}`
}

const MODES = { caller: "Caller", listener: "Listener", rendezvous: "Rendezvous" } as const

const srtLines = (to: Dialled): ReadonlyArray<ReceiverLine> => {
  const { aesBits, host, latencyMs, mode, port, streamId } = to
  const address = mode === "listener" ? null : host
  const encrypted = aesBits === null ? null : PASSPHRASE
  const aes = aesBits === null ? "none" : `AES-${aesBits}`
  return [
    { program: "ffmpeg", place: "on a command line", text: `ffmpeg -i '${urlOf(to, "us")}' -map 0 -c copy OUTPUT.ts` },
    {
      program: "srt-live-transmit",
      place: "on a command line, to a UDP stream on port 5000",
      text: `srt-live-transmit '${urlOf(to, "ms")}' udp://127.0.0.1:5000`,
    },
    {
      program: "vMix",
      place: "Add Input, Stream / SRT",
      text: list([
        ["Stream Type", `SRT (${MODES[mode]})`],
        ["Hostname", address],
        ["Port", port],
        ["Latency", latencyMs],
        ["Stream ID", streamId],
        ["Key Length", aesBits],
        ["Passphrase", encrypted],
      ]),
    },
    {
      program: "OBS",
      place: "Media Source, Local File off, as Input; Input Format mpegts",
      text: urlOf(to, "us"),
    },
    {
      program: "Zixi",
      place: "Inputs, New Input, SRT",
      text: list([
        ["Type", mode === "caller" ? "SRT Pull" : mode === "listener" ? "SRT Push" : "SRT Rendezvous"],
        ["Remote host", address],
        ["Port", port],
        ["Latency, ms", latencyMs],
        ["Stream ID", streamId],
        ["Encryption", aes],
        ["Password", encrypted],
      ]),
    },
    {
      program: "Haivision",
      place: "a source or decoder stream, TS over SRT",
      text: list([
        ["Mode", MODES[mode]],
        ["Address", address],
        [mode === "listener" ? "Port" : "Destination Port", port],
        ["Latency, ms", latencyMs],
        ["Stream ID", streamId],
        ["Encryption", aes],
        ["Passphrase", encrypted],
      ]),
    },
  ]
}

const HOW = {
  caller: "You call us: your receiver is the SRT caller.",
  listener: "We call you: your receiver is the SRT listener.",
  rendezvous: "Both sides call each other (SRT rendezvous).",
} as const

const srtHelp = (output: OutputView, hostname: string): ReceiverHelp | null => {
  const to = dialledOf(output, hostname)
  if (to === null) return null
  const sent = String(output.options["stream_id"] ?? "")
  return {
    how: HOW[to.mode],
    lines: srtLines(to),
    notes: [
      ...(to.aesBits === null ? [] : [`Put the passphrase that was agreed on where ${PASSPHRASE} stands.`]),
      ...(to.streamId.includes("***") ? ["Put the secret of the stream id where *** stands."] : []),
      ...(to.mode === "caller" || sent === "" ? [] : [`We present ourselves with the stream id ${sent}.`]),
      to.mode === "caller"
        ? `Firewalls must let out UDP ${to.port}, and its answers in.`
        : `Firewalls must let in UDP ${to.port}.`,
    ],
  }
}

const datagramHelp = ({ protocol, url }: OutputView): ReceiverHelp | null => {
  const [, host, port] = PLACE.exec(url) ?? []
  if (host === undefined || port === undefined) return null
  const address = `${protocol}://@${host}:${port}`
  return {
    how: `We send to ${host}:${port} by ${protocol === "rtp" ? "RTP" : "UDP"}, whoever is there.`,
    lines: [
      {
        program: "ffmpeg",
        place: "on a command line of the machine with this address",
        text: `ffmpeg -i '${protocol}://${host}:${port}' -map 0 -c copy OUTPUT.ts`,
      },
      { program: "VLC", place: "Media, Open Network Stream", text: address },
    ],
    notes: [`Firewalls must let in UDP ${port}.`],
  }
}

/** How an output is received; null where there is nothing to set on the other side. `origin` is where the reader reached us. */
export const receiverHelp = (output: OutputView, channelSlug: string, origin: string): ReceiverHelp | null => {
  if (output.protocol === "srt") return srtHelp(output, new URL(origin).hostname)
  if (output.protocol === "udp" || output.protocol === "rtp") return datagramHelp(output)
  if (output.protocol === "hls" && output.url.startsWith("hls://")) {
    const url = `${origin}/hls/${encodeURIComponent(channelSlug)}/${encodeURIComponent(output.slug)}/index.m3u8`
    return {
      how: "You fetch an HLS playlist from us.",
      lines: [
        { program: "Players", place: "as the address of the stream", text: url },
        { program: "ffmpeg", place: "on a command line", text: `ffmpeg -i '${url}' -map 0 -c copy OUTPUT.ts` },
      ],
      notes: [],
    }
  }
  return null
}
