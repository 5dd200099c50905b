/** Captures: the datagrams of a source or an output for some seconds from now, as a file for Wireshark and tcpdump. */
import { Context, Effect, Layer } from "effect"
import { protocolOfUrl, type UrlProtocol } from "../../core/output/output-url.ts"
import type { CaptureEnd, Command } from "../../engine/protocol/messages.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { findOutput } from "../config/find-config.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, EngineUnavailable, type NotFound } from "../model/Errors.ts"
import { Taps, type TapsService } from "../taps/Taps.ts"

/** What is captured of a channel: a source, or an output by its UUID or slug. */
export type CaptureOf = { readonly leg: "primary" | "backup" } | { readonly output: string }

export interface Capture {
  /** The file, in the classic format of pcap with times in microseconds. */
  readonly file: Uint8Array<ArrayBuffer>
  /** Those in the file. */
  readonly datagrams: number
  /** Those that are missing in it, since this service did not read fast enough. */
  readonly left_out: number
  readonly ended_by: CaptureEnd
  /** For the name of the file: `news-primary`. */
  readonly name: string
}

export interface CapturesService {
  /**
   * Captures for `seconds` (1 to 30), 32 MiB at most. Fails with a conflict when the channel does not run, when an output
   * sends no datagrams of its own, and when too much is captured already.
   */
  readonly take: (
    ref: string,
    of: CaptureOf,
    seconds: number,
  ) => Effect.Effect<Capture, NotFound | Conflict | EngineUnavailable>
}

/** Protocols of outputs that send datagrams. */
const BY_DATAGRAMS: ReadonlySet<UrlProtocol | null> = new Set(["udp", "rtp", "srt"])

const conflict = (message: string) => new Conflict({ errors: [{ path: "", message }] })

/** What the engine is asked for, and the end of the file's name. */
const targetOf = (
  channel: ChannelConfig,
  of: CaptureOf,
): Effect.Effect<
  { readonly of: Extract<Command, { readonly cmd: "open_capture" }>["of"]; readonly name: string },
  NotFound | Conflict
> =>
  Effect.gen(function* () {
    if ("leg" in of) return { of: { leg: of.leg }, name: `${channel.slug}-${of.leg}` }
    const output = yield* findOutput(channel, of.output)
    if (!BY_DATAGRAMS.has(protocolOfUrl(output.url)))
      return yield* conflict(
        `output ${output.name} sends no datagrams: UDP, RTP and SRT outputs can be captured; of the others use \`tcpdump\` on the machine`,
      )
    if (!output.enabled) return yield* conflict(`output ${output.name} is disabled, so it sends nothing`)
    return { of: { output_id: output.id }, name: `${channel.slug}-${output.slug}` }
  })

export const makeCaptures = (
  book: { readonly find: (ref: string) => Effect.Effect<ChannelConfig, NotFound> },
  taps: Pick<TapsService, "capture">,
): CapturesService => ({
  take: (ref, of, seconds) =>
    Effect.gen(function* () {
      const channel = yield* book.find(ref)
      const { name, of: target } = yield* targetOf(channel, of)
      const taken = yield* taps.capture(channel.id, target, seconds).pipe(
        Effect.catchTags({
          EngineRefused: ({ code, reason }) =>
            conflict(
              code === "no_channel" ? `channel ${channel.name} does not run, so nothing can be captured` : reason,
            ),
          TapEnded: ({ reason }) => new EngineUnavailable({ reason }),
        }),
      )
      return { ...taken, name }
    }),
})

export class Captures extends Context.Tag("distributor/Captures")<Captures, CapturesService>() {
  static readonly Live = Layer.effect(
    Captures,
    Effect.gen(function* () {
      return makeCaptures(yield* ChannelBook, yield* Taps)
    }),
  )
}
