/** The operator's program that is run when this node takes channels over: it may move an address, or tell somebody. */
import { Effect } from "effect"
import { execa } from "execa"

const WITHIN_MS = 30_000

export interface Takeover {
  /** The node that was the owner. */
  readonly from: string
  /** The node that is now. */
  readonly to: string
  /** Ids and slugs of the channels. */
  readonly channels: ReadonlyArray<{ readonly id: string; readonly slug: string }>
}

/**
 * Runs `program FROM TO SLUG...` without a shell, with `NODE_FROM`, `NODE_TO` and `CHANNEL_IDS` in its environment, for
 * 30 s at most. Never fails: what went wrong is a line of the log.
 */
export const runOnTakeover = (program: string, { channels, from, to }: Takeover): Effect.Effect<void> =>
  Effect.gen(function* () {
    const slugs = channels.map(({ slug }) => slug)
    const result = yield* Effect.promise(() =>
      execa(program, [from, to, ...slugs], {
        stdin: "ignore",
        reject: false,
        timeout: WITHIN_MS,
        maxBuffer: 10_000,
        all: true,
        extendEnv: false,
        env: {
          PATH: process.env["PATH"] ?? "",
          NODE_FROM: from,
          NODE_TO: to,
          CHANNEL_IDS: channels.map(({ id }) => id).join(","),
        },
      }),
    )
    const said = (result.all ?? "").trim().slice(0, 500)
    if (result.failed)
      yield* Effect.logError(
        `NODE_ON_TAKEOVER: ${program} failed (${result.shortMessage ?? "it could not be run"}): ${said}`,
      )
    else
      yield* Effect.log(`NODE_ON_TAKEOVER: ${program} has run for ${slugs.join(", ")}${said === "" ? "" : `: ${said}`}`)
  }).pipe(Effect.catchAllCause((cause) => Effect.logError("NODE_ON_TAKEOVER could not be run", cause)))
