/** A programme whose pictures fill its bit rate, unlike the test source's; ffmpeg's own encoder makes it. */
import { spawnSync } from "node:child_process"

/** Makes MPEG-TS with H.264, a key frame every second, and AAC; `bitrate` is that of the whole in bit/s. */
export const noisyProgramme = (seconds: number, bitrate: number): Uint8Array => {
  const video = String(Math.round(bitrate * 0.9))
  const sources = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=1280x720:rate=25,noise=alls=60:allf=t",
    "-f",
    "lavfi",
    "-i",
    "sine=sample_rate=48000",
  ]
  const encoder = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "0",
    "-g",
    "25",
    "-b:v",
    video,
    "-maxrate",
    video,
    "-bufsize",
    video,
  ]
  const rest = ["-c:a", "aac", "-t", String(seconds), "-muxrate", String(bitrate), "-f", "mpegts", "pipe:1"]
  const made = spawnSync("ffmpeg", ["-nostdin", "-v", "error", ...sources, ...encoder, ...rest], { maxBuffer: 2 ** 29 })
  if (made.status !== 0) throw new Error(`ffmpeg: ${String(made.stderr)}`)
  return new Uint8Array(made.stdout)
}
