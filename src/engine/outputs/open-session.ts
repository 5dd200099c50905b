/** From an output's URL to the session that runs it. */
import { parseOutputUrl } from "../../core/output-url.ts"
import type { OutputSpec, Reason } from "../messages.ts"
import { DatagramOutput } from "./datagram-output.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { SrtCaller } from "./srt-caller.ts"
import { SrtListener } from "./srt-listener.ts"

type Opened = { readonly ok: true; readonly session: OutputSession } | { readonly ok: false; readonly error: Reason }

/** Starts a session; what goes wrong later is told by its state. */
export const openSession = (context: SessionContext, spec: OutputSpec, channel: number): Opened => {
  const parsed = parseOutputUrl(spec.url)
  if (!parsed.ok) return { ok: false, error: { code: "url", message: parsed.errors.map((e) => e.message).join("; "), transient: false } }
  const { target } = parsed
  if (target.protocol !== "srt") return { ok: true, session: new DatagramOutput(context, spec, channel, target) }
  if (context.srt === null)
    return { ok: false, error: { code: "libsrt_missing", message: context.srtProblem ?? "libsrt is not installed", transient: false } }
  const session =
    target.mode === "listener"
      ? new SrtListener(context, context.srt, spec, channel, target)
      : new SrtCaller(context, context.srt, spec, channel, target)
  return { ok: true, session }
}
