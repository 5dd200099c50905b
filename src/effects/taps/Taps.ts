/**
 * Taps: a channel's outgoing stream for the control plane itself, or a capture of what comes and goes. The engine connects
 * to our unix socket and sends it there.
 *
 *   ring ──> tap (engine) ──unix socket──> here ──> live preview, thumbnails
 *
 * A tap ends with its scope, when the channel is stopped or the engine is lost, and when we read too slowly: then the
 * engine closes it.
 */
import { chmodSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { Context, Data, Deferred, Effect, FiberId, Layer, type Scope } from "effect"
import type { CaptureOutcome, Command } from "../../engine/protocol/messages.ts"
import { engineSocketPath } from "../../engine/protocol/socket-path.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { EngineClient, type EngineClientService } from "../engine/EngineClient.ts"
import { type EngineRefused, EngineUnavailable } from "../model/Errors.ts"

/** There is no stream, or no longer one; `message` is a sentence that says why. */
export class TapEnded extends Data.TaggedError("TapEnded")<{ readonly reason: string }> {}

export interface TapsService {
  /**
   * Hands over what a channel sends out from now on; `onData` must not keep the bytes. Succeeds with a value that
   * completes when there is no more; the scope's end closes it.
   */
  readonly open: (
    channelId: string,
    onData: (bytes: Uint8Array) => void,
  ) => Effect.Effect<Deferred.Deferred<never, TapEnded>, TapEnded, Scope.Scope>
  /** A capture of `seconds`: the file, and what the engine says of it. */
  readonly capture: (
    channelId: string,
    of: Extract<Command, { readonly cmd: "open_capture" }>["of"],
    seconds: number,
  ) => Effect.Effect<
    CaptureOutcome & { readonly file: Uint8Array<ArrayBuffer> },
    TapEnded | EngineRefused | EngineUnavailable
  >
}

interface Waiting {
  readonly onData: (bytes: Uint8Array) => void
  readonly end: (reason: string) => void
  socket: Socket | null
}

const isStopped = (error: EngineRefused | EngineUnavailable) =>
  error._tag === "EngineRefused" && error.code === "no_channel"

const CONNECT_WITHIN = "5 seconds"
const TOKEN_LENGTH = 36
const LINE_FEED = 10

/** Path of the socket for taps: beside the engine's own socket, in the data directory or the temporary one. */
export const tapSocketPath = (dataDir: string): string => engineSocketPath(dataDir).replace(/\.sock$/, "-tap.sock")

/** Reads the token, then hands over everything after it. */
const follow = (socket: Socket, waiting: ReadonlyMap<string, Waiting>): void => {
  let head: Buffer<ArrayBufferLike> | null = Buffer.alloc(0)
  let owner: Waiting | undefined
  socket.on("error", () => socket.destroy())
  socket.on("close", () => owner?.end("the engine sends no more: the channel was stopped, or it was lost"))
  socket.on("data", (chunk: Buffer) => {
    if (head === null) return owner?.onData(chunk)
    head = Buffer.concat([head, chunk])
    const at = head.indexOf(LINE_FEED)
    if (at < 0 && head.length <= TOKEN_LENGTH) return
    owner = waiting.get(head.toString("latin1", 0, Math.max(0, at)))
    // Nobody asked for this tap, or it has been given up in the meantime.
    if (owner === undefined || owner.socket !== null) return socket.destroy()
    owner.socket = socket
    const rest = head.subarray(at + 1)
    head = null
    if (rest.length > 0) owner.onData(rest)
  })
}

const listen = (path: string, waiting: ReadonlyMap<string, Waiting>) =>
  Effect.async<Server, TapEnded>((resume) => {
    rmSync(path, { force: true })
    const server = createServer((socket) => follow(socket, waiting))
    server.once("error", (error) =>
      resume(new TapEnded({ reason: `the socket ${path} cannot be opened: ${error.message}` })),
    )
    server.listen(path, () => {
      chmodSync(path, 0o600)
      resume(Effect.succeed(server))
    })
  })

/** Nothing is opened before the first tap is asked for. */
export const makeTaps = (
  engine: Pick<EngineClientService, "send">,
  dataDir: string,
): Effect.Effect<TapsService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const path = tapSocketPath(dataDir)
    const waiting = new Map<string, Waiting>()
    let server: Server | null = null
    const one = (yield* Effect.makeSemaphore(1)).withPermits(1)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const { socket } of waiting.values()) socket?.destroy()
        server?.close()
        if (server !== null) rmSync(path, { force: true })
      }),
    )
    const listening = one(
      Effect.gen(function* () {
        if (server === null) server = yield* listen(path, waiting)
      }),
    )

    /** Has the engine's next connection with this token hand over what it sends, until the scope's end. */
    const expecting = (onData: (bytes: Uint8Array) => void) =>
      Effect.gen(function* () {
        yield* listening
        const token = crypto.randomUUID()
        const ended = Deferred.unsafeMake<never, TapEnded>(FiberId.none)
        const end = (reason: string) => Deferred.unsafeDone(ended, new TapEnded({ reason }))
        const entry: Waiting = { onData, end, socket: null }
        yield* Effect.acquireRelease(
          Effect.sync(() => void waiting.set(token, entry)),
          () =>
            Effect.sync(() => {
              waiting.delete(token)
              entry.socket?.destroy()
            }),
        )
        return { token, ended, end, entry }
      })

    return {
      open: (channelId, onData) =>
        Effect.gen(function* () {
          const { end, ended, entry, token } = yield* expecting(onData)
          yield* engine
            .send({ cmd: "open_tap", channel_id: channelId, path, token })
            .pipe(
              Effect.mapError(
                (error) => new TapEnded({ reason: isStopped(error) ? "the channel does not run" : error.message }),
              ),
            )
          yield* Effect.forkScoped(
            Effect.zipRight(
              Effect.sleep(CONNECT_WITHIN),
              Effect.sync(() => entry.socket ?? end("the engine did not connect")),
            ),
          )
          return ended
        }),
      capture: (channelId, of, seconds) =>
        Effect.scoped(
          Effect.gen(function* () {
            const chunks: Uint8Array[] = []
            const { ended, token } = yield* expecting((bytes) => void chunks.push(bytes.slice()))
            const command = { cmd: "open_capture", channel_id: channelId, of, seconds, path, token } as const
            const { capture } = yield* engine.send(command)
            if (capture === undefined)
              return yield* new EngineUnavailable({ reason: "it is of another version, and captures nothing" })
            // The reply may come before the last bytes, which come by another socket.
            yield* Effect.exit(Effect.timeout(Deferred.await(ended), CONNECT_WITHIN))
            return { ...capture, file: Buffer.concat(chunks) }
          }),
        ),
    }
  })

export class Taps extends Context.Tag("distributor/Taps")<Taps, TapsService>() {
  static readonly Live = Layer.scoped(
    Taps,
    Effect.gen(function* () {
      return yield* makeTaps(yield* EngineClient, (yield* AppConfig).dataDir)
    }),
  )
}
