/**
 * `--demo`: a channel "Demo" with one SRT listener output, fed by the built-in test source, a supervised child process.
 * With `--srt-input` the stream reaches it by SRT. Everything lives in the normal store; a second start finds it there.
 */
import { fileURLToPath } from "node:url"
import { Console, Effect, Layer, Schedule } from "effect"
import { execa } from "execa"
import { type DemoChannels, demoChannels, HOST, OUTPUT_PORT } from "./demo-channels.ts"
import { toolEnvironment } from "./effects/engine/child-environment.ts"
import { Channels } from "./effects/supervisor/Channels.ts"
import { Outputs } from "./effects/supervisor/Outputs.ts"
import { withGivenPriority } from "./engine/system/priority.ts"

const sourceScript = fileURLToPath(new URL("./engine/test-source.ts", import.meta.url))
const runtimeArguments = "Deno" in globalThis ? ["run", "-A"] : []

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

const banner = (httpUrl: string, { demo, fed }: DemoChannels) => {
  const port = /:(\d+)(?:[/?]|$)/.exec(demo.outputs[0]?.url ?? "")?.[1] ?? OUTPUT_PORT
  const [leg] = demo.input.legs
  const way =
    fed.id === demo.id
      ? `sent as RTP to ${fed.rtp_ip}:${fed.rtp_port}`
      : `sent by SRT to port ${leg?.port} by the channel "${fed.name}"`
  return [
    "",
    `  The demo channel runs: a test picture with SCTE-35 breaks, ${way}.`,
    `  Open   ${httpUrl}`,
    `  Watch  ffplay srt://${HOST}:${port}`,
    "",
  ].join("\n")
}

/**
 * Sets the demo up and feeds it until the layer's scope closes. `httpUrl` is what to open, e.g.
 * `http://127.0.0.1:8000`.
 * @param bySrt true when the demo channel is to be received by SRT
 */
export const demoLayer = (httpUrl: string, bySrt: boolean): Layer.Layer<never, never, Channels | Outputs> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const made = yield* demoChannels(yield* Channels, yield* Outputs, bySrt)
      yield* Effect.forkScoped(testSource(`${made.fed.rtp_ip}:${made.fed.rtp_port}`))
      yield* Console.log(banner(httpUrl, made))
    }).pipe(Effect.catchAll((error) => Effect.logError(`the demo could not be set up: ${error.message}`))),
  )
