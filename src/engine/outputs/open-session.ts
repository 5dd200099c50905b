/** From an output's URL to the session that runs it. */
import { readBackup } from "../../core/output/backup-url.ts"
import { parseOutputUrl, type SrtTarget } from "../../core/output/output-url.ts"
import type { OutputSpec, Reason } from "../protocol/messages.ts"
import { DatagramOutput } from "./datagram-output.ts"
import { FileOutput } from "./file-output.ts"
import { HlsOutput } from "./hls-output.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { OwnSrtCaller } from "./own-srt-caller.ts"
import { OwnSrtListener } from "./own-srt-listener.ts"
import { OwnSrtPair } from "./own-srt-pair.ts"
import { PipeOutput } from "./pipe-output.ts"
import { RtmpOutput } from "./rtmp-output.ts"
import { SrtCaller } from "./srt-caller.ts"
import { SrtListener } from "./srt-listener.ts"
import { chooseStack } from "./stack-choice.ts"

/** A session that was started, or why none was. */
export type Opened =
  | { readonly ok: true; readonly session: OutputSession }
  | { readonly ok: false; readonly error: Reason }

const refused = (code: string, message: string): Opened => ({ ok: false, error: { code, message, transient: false } })

/** Starts a session; what goes wrong later is told by its state. */
export const openSession = (context: SessionContext, spec: OutputSpec, channel: number): Opened => {
  const parsed = parseOutputUrl(spec.url, spec.stream_key ?? undefined)
  if (!parsed.ok) return refused("url", parsed.errors.map((e) => e.message).join("; "))
  const { target } = parsed
  switch (target.protocol) {
    case "udp":
    case "rtp":
      return { ok: true, session: new DatagramOutput(context, spec, channel, target) }
    case "rtmp":
      return { ok: true, session: new RtmpOutput(context, spec, channel, target) }
    case "rtsp":
      if (spec.pipe == null) return refused("pipe", "the session of an RTSP output needs the FIFO of its ffmpeg")
      return { ok: true, session: new PipeOutput(context, spec, channel, spec.pipe) }
    case "srt":
      return openSrt(context, spec, channel, target)
    case "hls":
      return { ok: true, session: new HlsOutput(context, spec, channel, target) }
    case "file":
      return { ok: true, session: new FileOutput(context, spec, channel) }
  }
}

/** Starts the session of an SRT output to, or at, `target`. */
export const openSrt = (context: SessionContext, spec: OutputSpec, channel: number, target: SrtTarget): Opened => {
  const { srt } = context
  const backupUrl = spec.settings?.backup_url
  if (backupUrl !== undefined) {
    const backup = readBackup(target, backupUrl)
    if (!backup.ok) return refused("url", `backup_url ${backup.errors.join("; ")}`)
    const targets = { main: target, backup: backup.target }
    return { ok: true, session: new OwnSrtPair(context, context.ownSrt, spec, channel, targets) }
  }
  const choice = chooseStack(context, target)
  if (choice.stack === "own") {
    const own = target.mode === "listener" ? OwnSrtListener : OwnSrtCaller
    return { ok: true, session: new own(context, context.ownSrt, spec, channel, target) }
  }
  if (srt === null) {
    const why = choice.needsLibsrt
    const needs = why.length === 0 ? "" : `${why.join(", ")} needs libsrt. `
    return refused("libsrt_missing", `${needs}${context.srtProblem ?? "libsrt is not installed"}`)
  }
  const isListener = target.mode === "listener"
  const session = isListener
    ? new SrtListener(context, srt, spec, channel, target)
    : new SrtCaller(context, srt, spec, channel, target)
  return { ok: true, session }
}
