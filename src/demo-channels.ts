/**
 * The channels of `--demo`: "Demo", with one SRT listener output; with `--srt-input` it is an SRT listener, too, and a
 * second channel, "Demo source", calls it over loopback.
 */
import { createSocket } from "node:dgram"
import { Effect } from "effect"
import type { ChannelView } from "./effects/model/channel.ts"
import type { ChannelsService } from "./effects/supervisor/Channels.ts"
import type { OutputsService } from "./effects/supervisor/Outputs.ts"

export const HOST = "127.0.0.1"
export const OUTPUT_PORT = 9000
const INPUT_PORT = 5000
const SRT_INPUT_PORT = 9100
const PORTS_TRIED = 100

const DEMO = "demo"
const SOURCE = "demo-source"

/** What the demo came to. */
export interface DemoChannels {
  readonly demo: ChannelView
  /** The channel that the test source feeds: `demo` itself, or the one that sends to it by SRT. */
  readonly fed: ChannelView
}

const isFree = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resume(Effect.succeed(false)))
    socket.bind({ port, address: HOST, exclusive: true }, () => socket.close(() => resume(Effect.succeed(true))))
  })

/** The first port from `from` on that is neither bound nor claimed by a channel. */
const freePort = (from: number, claimed: ReadonlySet<number>): Effect.Effect<number> =>
  Effect.gen(function* () {
    for (let port = from; port < from + PORTS_TRIED; port++)
      if (!claimed.has(port) && (yield* isFree(port))) return port
    return from
  })

const listenerUrl = (port: number) => `srt://${HOST}:${port}?mode=listener`
const callerUrl = (port: number) => `srt://${HOST}:${port}?mode=caller`

const claimedBy = (channels: ReadonlyArray<ChannelView>) =>
  new Set(
    channels.flatMap((c) => [
      ...c.input.legs.map(({ port }) => port),
      ...c.outputs.map((o) => Number(/:(\d+)(?:[/?]|$)/.exec(o.url)?.[1] ?? 0)),
    ]),
  )

/** A free place for an input, as fields of a channel's body. */
const freeInput = (bySrt: boolean, claimed: ReadonlySet<number>) =>
  bySrt
    ? Effect.map(freePort(SRT_INPUT_PORT, claimed), (port) => ({ input_url: listenerUrl(port) }))
    : Effect.map(freePort(INPUT_PORT, claimed), (rtp_port) => ({ rtp_ip: HOST, rtp_port }))

const create = (channels: ChannelsService, bySrt: boolean) =>
  Effect.gen(function* () {
    const claimed = claimedBy(yield* channels.list)
    const input = yield* freeInput(bySrt, claimed)
    const url = listenerUrl(yield* freePort(OUTPUT_PORT, claimed))
    return yield* channels.create({ name: "Demo", ...input, autostart: true, outputs: [{ protocol: "srt", url }] })
  })

/** True when the input has no port: what an SRT connection came to is no matter of the port. */
const hasNoPort = ({ input }: ChannelView): boolean => {
  const [leg] = input.legs
  return leg !== undefined && leg.last_error !== null && leg.last_error !== leg.srt?.last_error
}

/** A port that another program took since the last start is replaced by the next free one. */
const repair = (channels: ChannelsService, outputs: OutputsService, bySrt: boolean) =>
  Effect.gen(function* () {
    // The engine opens sockets at once; its first figures tell of those that failed.
    yield* Effect.sleep("1200 millis")
    const demo = yield* channels.get(DEMO)
    const claimed = claimedBy(yield* channels.list)
    if (hasNoPort(demo)) yield* channels.update(DEMO, yield* freeInput(bySrt, claimed))
    const output = demo.outputs[0]
    if (output?.status === "error") {
      yield* outputs.update(DEMO, output.id, { url: listenerUrl(yield* freePort(OUTPUT_PORT, claimed)) })
    }
    return yield* channels.get(DEMO)
  })

/** The channel "Demo", received by SRT or RTP, whatever it was before. */
const makeDemo = (channels: ChannelsService, outputs: OutputsService, bySrt: boolean) =>
  channels.get(DEMO).pipe(
    Effect.flatMap(({ input_url }) =>
      (input_url !== null) === bySrt
        ? Effect.void
        : Effect.gen(function* () {
            const claimed = claimedBy(yield* channels.list)
            yield* channels.update(DEMO, yield* freeInput(bySrt, claimed))
          }),
    ),
    Effect.zipRight(channels.start(DEMO)),
    Effect.zipRight(repair(channels, outputs, bySrt)),
    Effect.catchTag("NotFound", () => create(channels, bySrt)),
  )

/** The channel "Demo source", whose one output calls the input of `demo`. */
const makeSource = (channels: ChannelsService, outputs: OutputsService, demo: ChannelView) =>
  Effect.gen(function* () {
    const url = callerUrl(demo.input.legs[0]?.port ?? SRT_INPUT_PORT)
    const found = yield* Effect.option(channels.get(SOURCE))
    if (found._tag === "None") {
      const input = yield* freeInput(false, claimedBy(yield* channels.list))
      return yield* channels.create({
        name: "Demo source",
        ...input,
        autostart: true,
        outputs: [{ name: "to Demo", protocol: "srt", url }],
      })
    }
    const [output] = found.value.outputs
    if (output !== undefined && output.url !== url) yield* outputs.update(SOURCE, output.id, { url })
    yield* channels.start(SOURCE)
    return yield* channels.get(SOURCE)
  })

/**
 * Sets the channels of the demo up in the store, where a second start finds them, and starts them.
 * @param bySrt true for a demo channel that is received by SRT
 */
export const demoChannels = (channels: ChannelsService, outputs: OutputsService, bySrt: boolean) =>
  Effect.gen(function* () {
    const demo = yield* makeDemo(channels, outputs, bySrt)
    if (bySrt) return { demo, fed: yield* makeSource(channels, outputs, demo) } satisfies DemoChannels
    yield* channels.remove(SOURCE).pipe(Effect.catchTag("NotFound", () => Effect.void))
    return { demo, fed: demo } satisfies DemoChannels
  })
