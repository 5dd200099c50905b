/** Takes one picture of a channel: the next key frame from the engine, decoded by an ffmpeg process of its own. */
import { Effect, type Scope } from "effect"
import { execa } from "execa"
import { AccessPointStart } from "../../core/preview/access-point-start.ts"
import { withGivenPriority } from "../../engine/system/priority.ts"
import { maskText } from "../config/Logging.ts"
import { TapEnded, type TapsService } from "../taps/Taps.ts"

/** Width of a picture, in pixels. */
export const WIDTH = 320
/** How long a key frame is waited for. One every ten seconds is rare; none in twelve means another kind of stream. */
const KEY_FRAME_WITHIN = "12 seconds"
const DECODE_WITHIN_MS = 10_000
const KILL_AFTER_MS = 1000
/** Largest key frame taken, in bytes, including all packets around it. */
const MAX_BYTES = 8 * 1024 * 1024
const MAX_JPEG_BYTES = 1024 * 1024
/** PES packets taken: a key frame may be two fields, each a PES packet, and the next packet shows where it ends. */
const UNITS = 3

/** PAT, PMT and the first key frame that goes out from now on, a few pictures more at most. */
export const captureKeyFrame = (taps: TapsService, channelId: string): Effect.Effect<Uint8Array, TapEnded> =>
  Effect.scoped(
    Effect.gen(function* () {
      const start = new AccessPointStart()
      const parts: Uint8Array[] = []
      let size = 0
      let done: ((bytes: Uint8Array) => void) | null = null
      const onData = (bytes: Uint8Array) => {
        if (size > MAX_BYTES || start.units >= UNITS) return
        // Bytes handed over after the start are already a copy.
        for (const part of start.push(bytes)) {
          parts.push(part)
          size += part.length
        }
        if (start.units >= UNITS || size > MAX_BYTES) done?.(Buffer.concat(parts))
      }
      const captured = Effect.async<Uint8Array>((resume) => {
        done = (bytes) => resume(Effect.succeed(bytes))
        if (start.units >= UNITS) done(Buffer.concat(parts))
      })
      const ended = yield* taps.open(channelId, onData)
      return yield* Effect.raceFirst(captured, ended)
    }),
  ).pipe(
    Effect.timeoutFail({
      duration: KEY_FRAME_WITHIN,
      onTimeout: () => new TapEnded({ reason: "no key frame of video came within 12 s" }),
    }),
  )

export const decodeArguments = (width: number): ReadonlyArray<string> => [
  "-hide_banner",
  "-loglevel",
  "error",
  "-threads",
  "1",
  "-skip_frame",
  "nokey",
  "-f",
  "mpegts",
  "-i",
  "pipe:0",
  // Pixels of broadcast formats are not square, so the height follows from the display aspect ratio.
  "-an",
  "-sn",
  "-dn",
  "-frames:v",
  "1",
  "-vf",
  `scale=${width}:trunc(${width}/dar/2)*2,setsar=1`,
  "-threads",
  "1",
  "-c:v",
  "mjpeg",
  "-q:v",
  "6",
  "-f",
  "image2pipe",
  "pipe:1",
]

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT"

/** Starts ffmpeg at the lowest priority; its end is awaited, whatever causes it. */
const startDecoder = (ts: Uint8Array): Effect.Effect<Effect.Effect<Uint8Array, TapEnded>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        withGivenPriority(() =>
          execa("nice", ["-n", "19", "ffmpeg", ...decodeArguments(WIDTH)], {
            input: ts,
            encoding: "buffer",
            reject: false,
            timeout: DECODE_WITHIN_MS,
            maxBuffer: MAX_JPEG_BYTES,
            // Secrets that ffmpeg has no use for must not be readable in its environment.
            env: { PATH: process.env["PATH"] ?? "" },
            extendEnv: false,
            forceKillAfterDelay: KILL_AFTER_MS,
          }),
        ),
      ),
      (child) =>
        Effect.promise(async () => {
          child.kill("SIGKILL")
          await child
        }),
    ),
    (child) =>
      Effect.flatMap(
        Effect.promise(() => child),
        (result) => {
          if (!result.failed && result.stdout.length > 0) return Effect.succeed(result.stdout)
          if (isMissing(result) || isMissing(result.cause)) {
            return new TapEnded({ reason: "nice is not installed and pictures need it: apt-get install coreutils" })
          }
          const said =
            Buffer.from(result.stderr ?? [])
              .toString("utf8")
              .trim()
              .split("\n")
              .at(-1) ?? ""
          const reason =
            result.exitCode === 127
              ? "ffmpeg is not installed and pictures need it: apt-get install ffmpeg"
              : result.timedOut
                ? "decoding the key frame took longer than 10 s"
                : `ffmpeg could not decode the key frame${said === "" ? "" : `: ${maskText(said)}`}`
          return new TapEnded({ reason })
        },
      ),
  )

/** A key frame as JPEG, `WIDTH` pixels wide. */
export const decodeKeyFrame = (ts: Uint8Array): Effect.Effect<Uint8Array, TapEnded> =>
  Effect.scoped(Effect.flatten(startDecoder(ts)))
