/** Those who look at streams without being outputs: taps of the control plane, and captures of datagrams. */
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import { CapturePool } from "./captures/capture-pool.ts"
import type { CapturePoint } from "./captures/datagram-capture.ts"
import type { EngineChannel } from "./engine-channel.ts"
import type { Faults } from "./faults.ts"
import type { Reason, Reply, Request } from "./protocol/messages.ts"
import { TapPool } from "./taps/tap-pool.ts"

type Look<C extends Request["cmd"]> = Extract<Request, { readonly cmd: C }>

export const noChannel = (id: string): Reason => ({
  code: "no_channel",
  message: `the engine has no channel ${id}`,
  transient: false,
})

const refused = (re: number, error: Reason): Reply => ({ re, ok: false, error })

export class Onlookers {
  readonly #taps: TapPool
  readonly #captures: CapturePool

  constructor(core: PacketCore, faults: Faults) {
    this.#taps = new TapPool(core, (cause) => faults.report("engine", "a tap", cause))
    this.#captures = new CapturePool((cause) => faults.report("engine", "a capture", cause))
  }

  /** Opens a tap or a capture of the channel that was asked for; undefined is none. */
  open(channel: EngineChannel | undefined, request: Look<"open_tap" | "open_capture">): Reply | Promise<Reply> {
    const re = request.id
    if (channel === undefined) return refused(re, { ...noChannel(request.channel_id), transient: true })
    if (request.cmd === "open_capture") return this.#capture(channel, request)
    const error = this.#taps.open(channel.index, request.path, request.token)
    return error === null ? { re, ok: true } : refused(re, error)
  }

  #capture(channel: EngineChannel, request: Look<"open_capture">): Reply | Promise<Reply> {
    const { id: re, of, path, seconds, token } = request
    const points = "leg" in of ? legPoints(channel, of.leg) : outputPoints(channel, of.output_id)
    if (typeof points !== "function") return refused(re, points)
    const object = JSON.stringify([channel.id, of])
    const opened = this.#captures.open({ channel: channel.id, object, seconds, path, token, points })
    return opened instanceof Promise ? opened.then((capture) => ({ re, ok: true, capture })) : refused(re, opened)
  }

  /** Every few milliseconds. */
  flush(): void {
    if (this.#taps.size > 0) this.#taps.flush()
    if (this.#captures.size > 0) this.#captures.tick()
  }

  closeChannel({ id, index }: EngineChannel): void {
    this.#taps.closeChannel(index)
    this.#captures.closeChannel(id)
  }

  close(): void {
    this.#taps.close()
    this.#captures.close()
  }
}

type Points = () => ReadonlyArray<CapturePoint>

/** A leg that is opened anew meanwhile goes on being captured. */
const legPoints = (channel: EngineChannel, name: "primary" | "backup"): Points | Reason => {
  if (channel.leg(name) === undefined)
    return { code: "no_leg", message: `channel ${channel.label} has no ${name} source`, transient: false }
  return () => {
    const leg = channel.leg(name)
    return leg === undefined ? [] : [leg.capturePoint]
  }
}

/** An output that is not connected now may be so in a moment. */
const outputPoints = (channel: EngineChannel, id: string): Points | Reason => {
  const session = channel.sessions.get(id)
  if (session !== undefined && session.capturePoints === undefined) {
    const { label } = session.spec
    const message =
      session.srtStack?.stack === "libsrt"
        ? `output ${label} is sent by libsrt, which does not show its datagrams: run it on our own stack (stack=own)`
        : `output ${label} sends no datagrams of its own: capture a leg of the channel instead`
    return { code: "not_captured", message, transient: false }
  }
  return () => channel.sessions.get(id)?.capturePoints ?? []
}
