/** Peers with one process per output: ffmpeg and srt-live-transmit. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import type { Load, Peer } from "./peer.ts"
import { type Started, start } from "./processes.ts"

export const hasProgram = (name: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, name)))

const onePerOutput = (
  name: string,
  about: Pick<Peer, "input" | "verify">,
  argumentsOf: (load: Load, channel: number) => ReadonlyArray<string>,
): Peer => ({
  name,
  ...about,
  missing: () => (hasProgram(name) ? null : `${name} is not installed`),
  start: (load) => {
    const started: Array<Started> = []
    for (let channel = 0; channel < load.channels; channel++) started.push(start(name, argumentsOf(load, channel)))
    return Promise.resolve({
      pids: () => started.map(({ pid }) => ({ pid, role: name })),
      counters: () => Promise.resolve(null),
      errors: () => started.map(({ errors }) => errors().slice(-300)).join(""),
      stop: async () => {
        await Promise.all(started.map((one) => one.stop()))
      },
    })
  },
})

/** Half a second of analysis instead of five: only the start is quicker, the steady state is the same. */
export const ffmpeg = onePerOutput("ffmpeg", { input: "rtp", verify: "ts" }, ({ inputPort, srtPort }, channel) => [
  "-nostdin",
  "-loglevel",
  "error",
  "-analyzeduration",
  "500000",
  "-i",
  `rtp://127.0.0.1:${inputPort + 2 * channel}`,
  "-c",
  "copy",
  "-f",
  "mpegts",
  `srt://127.0.0.1:${srtPort}?mode=caller&pkt_size=1316&streamid=c${channel}-o0`,
])

/** RTMP outputs by ffmpeg, one process each. */
export const ffmpegRtmp = onePerOutput("ffmpeg", { input: "rtp", verify: "ts" }, ({ inputPort, rtmpPort }, channel) => [
  "-nostdin",
  "-loglevel",
  "error",
  "-analyzeduration",
  "500000",
  "-i",
  `rtp://127.0.0.1:${inputPort + 2 * channel}`,
  "-c",
  "copy",
  "-f",
  "flv",
  `rtmp://127.0.0.1:${rtmpPort}/live/c${channel}-o0`,
])

export const srtLiveTransmit = onePerOutput(
  "srt-live-transmit",
  { input: "udp", verify: "pattern" },
  ({ inputPort, srtPort }, channel) => [
    "-q",
    `udp://127.0.0.1:${inputPort + 2 * channel}`,
    `srt://127.0.0.1:${srtPort}?streamid=c${channel}-o0`,
  ],
)
