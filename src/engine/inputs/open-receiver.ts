/** What a leg is received by, as its specification says. */
import { parseInputUrl } from "../../core/input/input-url.ts"
import type { InputPolicy, Reason } from "../protocol/messages.ts"
import { DatagramReceiver } from "./datagram-receiver.ts"
import type { InputContext } from "./input-context.ts"
import type { LegReceiver, ReceiverHost } from "./leg-receiver.ts"
import { NoReceiver } from "./no-receiver.ts"
import { SrtCallerReceiver } from "./srt-caller-receiver.ts"
import { SrtListenerReceiver } from "./srt-listener-receiver.ts"

const refused = (code: string, message: string): Reason => ({ code, message, transient: false })

/** Never throws: what keeps the leg from being received is its `problem`. */
export const openReceiver = (context: InputContext, host: ReceiverHost, policy: InputPolicy): LegReceiver => {
  const { url } = host.spec
  if (url === undefined) return new DatagramReceiver(host, policy, context.udpPorts)
  const parsed = parseInputUrl(url)
  if (!parsed.ok) return new NoReceiver(host, refused("url", parsed.errors.join("; ")))
  const { srt } = context
  if (srt === null)
    return new NoReceiver(
      host,
      refused("libsrt_missing", context.srtProblem ?? "libsrt is missing, which receives SRT: install it"),
    )
  const { target } = parsed
  return target.mode === "listener"
    ? new SrtListenerReceiver(srt, host, policy, target)
    : new SrtCallerReceiver(srt, host, target, context.udpPorts)
}
