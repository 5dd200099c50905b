/**
 * `--demo`: a channel "Demo" with one SRT listener output, fed by the built-in test source, a supervised child process.
 * Everything lives in the normal store; a second start finds it there.
 */
import { createSocket } from "node:dgram"
import { fileURLToPath } from "node:url"
import { Console, Effect, Layer, Schedule } from "effect"
import { execa } from "execa"
import { toolEnvironment } from "./effects/engine/child-environment.ts"
import type { ChannelView } from "./effects/model/channel.ts"
import { Channels, type ChannelsService } from "./effects/supervisor/Channels.ts"
import { Outputs, type OutputsService } from "./effects/supervisor/Outputs.ts"
import { withGivenPriority } from "./engine/system/priority.ts"

const SLUG = "demo"
const HOST = "127.0.0.1"
const INPUT_PORT = 5000
const OUTPUT_PORT = 9000
const PORTS_TRIED = 100

const sourceScript = fileURLToPath(new URL("./engine/test-source.ts", import.meta.url))
const runtimeArguments = "Deno" in globalThis ? ["run", "-A"] : []

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

const claimedBy = (channels: ReadonlyArray<ChannelView>) =>
  new Set(
    channels.flatMap((c) => [
      ...c.input.legs.map(({ port }) => port),
      ...c.outputs.map((o) => Number(/:(\d+)(?:[/?]|$)/.exec(o.url)?.[1] ?? 0)),
    ]),
  )

const create = (channels: ChannelsService) =>
  Effect.gen(function* () {
    const claimed = claimedBy(yield* channels.list)
    const rtp_port = yield* freePort(INPUT_PORT, claimed)
    const url = listenerUrl(yield* freePort(OUTPUT_PORT, claimed))
    return yield* channels.create({
      name: "Demo",
      rtp_ip: HOST,
      rtp_port,
      autostart: true,
      outputs: [{ protocol: "srt", url }],
    })
  })

/** A port that another program took since the last start is replaced by the next free one. */
const repair = (channels: ChannelsService, outputs: OutputsService) =>
  Effect.gen(function* () {
    // The engine opens sockets at once; its first figures tell of those that failed.
    yield* Effect.sleep("1200 millis")
    const demo = yield* channels.get(SLUG)
    const claimed = claimedBy(yield* channels.list)
    if (demo.input.legs[0]?.last_error != null) {
      yield* channels.update(SLUG, { rtp_port: yield* freePort(INPUT_PORT, claimed) })
    }
    const output = demo.outputs[0]
    if (output?.status === "error") {
      yield* outputs.update(SLUG, output.id, { url: listenerUrl(yield* freePort(OUTPUT_PORT, claimed)) })
    }
    return yield* channels.get(SLUG)
  })

const prepare = (channels: ChannelsService, outputs: OutputsService) =>
  channels.get(SLUG).pipe(
    Effect.flatMap(() => channels.start(SLUG)),
    Effect.zipRight(repair(channels, outputs)),
    Effect.catchTag("NotFound", () => create(channels)),
  )

/**
 * Sends until interrupted; ends when the process does. Its standard input is a pipe: it cannot outlive this process.
 */
const testSource = (to: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      withGivenPriority(() =>
        execa(process.execPath, [...runtimeArguments, sourceScript, "--to", to, "--parent-pipe"], {
          stdin: "pipe",
          stdout: "ignore",
          stderr: "ignore",
          reject: false,
          forceKillAfterDelay: 500,
          env: toolEnvironment(),
          extendEnv: false,
        }),
      ),
    ),
    (child) => Effect.promise(() => child),
    (child) =>
      Effect.zipRight(
        Effect.sync(() => child.kill()),
        Effect.promise(() => child),
      ),
  ).pipe(
    Effect.tap((result) =>
      Effect.logWarning(`the test source ended (exit code ${result.exitCode ?? result.signal}) and is started again`),
    ),
    Effect.repeat(Schedule.spaced("1 second")),
  )

const banner = (httpUrl: string, demo: ChannelView) => {
  const port = /:(\d+)(?:[/?]|$)/.exec(demo.outputs[0]?.url ?? "")?.[1] ?? OUTPUT_PORT
  return [
    "",
    `  The demo channel runs: a test picture with SCTE-35 breaks, sent as RTP to ${demo.rtp_ip}:${demo.rtp_port}.`,
    `  Open   ${httpUrl}`,
    `  Watch  ffplay srt://${HOST}:${port}`,
    "",
  ].join("\n")
}

/**
 * Sets the demo up and feeds it until the layer's scope closes. `httpUrl` is what to open,
 * e.g. `http://127.0.0.1:8000`.
 */
export const demoLayer = (httpUrl: string): Layer.Layer<never, never, Channels | Outputs> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const demo = yield* prepare(yield* Channels, yield* Outputs)
      yield* Effect.forkScoped(testSource(`${demo.rtp_ip}:${demo.rtp_port}`))
      yield* Console.log(banner(httpUrl, demo))
    }).pipe(Effect.catchAll((error) => Effect.logError(`the demo could not be set up: ${error.message}`))),
  )
