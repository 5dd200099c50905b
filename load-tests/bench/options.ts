/** Options of `npm run bench`. */
import { readArguments } from "../lib/arguments.ts"

/** Parts in the order they run; each is one window of measurement. */
export const PARTS = [
  "ours",
  "ours-srt-in",
  "ours-aes",
  "ffmpeg",
  "srt-live-transmit",
  "c-relay",
  "ours-udp",
  "c-udp",
  "c-gso",
  "memory",
  "ours-udp-asked",
] as const
export type Part = (typeof PARTS)[number]

export interface BenchOptions {
  readonly parts: ReadonlyArray<Part>
  readonly channels: number
  /** Outputs of each channel. */
  readonly outputs: number
  /** TS bit/s of a channel. */
  readonly bitrate: number
  /** Processes of ffmpeg and srt-live-transmit, one output each. */
  readonly processes: number
  readonly runs: number
  readonly warmupS: number
  readonly windowS: number
  /** RTMP outputs of one channel, measured against as many ffmpeg processes; 0 leaves them out. */
  readonly rtmpOutputs: number
  /** Numbers of engines to compare, instead of anything else; null for none. */
  readonly engines: ReadonlyArray<number> | null
  /** Judge the engine's own counters at this load instead of comparing with peers. */
  readonly capacity: { readonly channels: number; readonly outputs: number } | null
}

const USAGE = `npm run bench -- [--quick] [--runs 1] [--only ours,c-relay,...] [--channels 25] [--outputs 2] [--bitrate 8000000]
  [--processes 10] [--warmup 3] [--window 12] [--capacity 50x2] [--rtmp 10] [--engines 1,2]
  parts: ${PARTS.join(", ")}`

const fail = (message: string): never => {
  process.stderr.write(`${message}\n${USAGE}\n`)
  process.exit(2)
}

const isPart = (text: string): text is Part => PARTS.some((part) => part === text)

const parsePart = (text: string): Part => (isPart(text) ? text : fail(`unknown part "${text}"`))

const parseEngines = (text: string) =>
  text
    .split(",")
    .map((word) => (/^[1-9]\d?$/.test(word) ? Number(word) : fail(`--engines ${text} is not a list of numbers as 1,2`)))

const parseCapacity = (text: string) => {
  const [, channels, outputs] = /^(\d+)x(\d+)$/.exec(text) ?? fail(`--capacity ${text} is not CHANNELSxOUTPUTS`)
  return { channels: Number(channels), outputs: Number(outputs) }
}

export const benchOptions = (): BenchOptions => {
  const args = readArguments(
    {
      quick: "boolean",
      runs: "number",
      only: "string",
      channels: "number",
      outputs: "number",
      bitrate: "number",
      processes: "number",
      warmup: "number",
      window: "number",
      capacity: "string",
      rtmp: "number",
      engines: "string",
    },
    USAGE,
  )
  const quick = args.quick === true
  return {
    parts: args.only === undefined ? (args.rtmp === undefined ? PARTS : []) : args.only.split(",").map(parsePart),
    channels: args.channels ?? 25,
    outputs: args.outputs ?? 2,
    bitrate: args.bitrate ?? 8e6,
    processes: args.processes ?? 10,
    runs: args.runs ?? 1,
    warmupS: args.warmup ?? (quick ? 2 : 3),
    windowS: args.window ?? (quick ? 5 : 12),
    rtmpOutputs: args.rtmp ?? ([args.only, args.capacity, args.engines].every((one) => one === undefined) ? 10 : 0),
    engines: args.engines === undefined ? null : parseEngines(args.engines),
    capacity: args.capacity === undefined ? null : parseCapacity(args.capacity),
  }
}
