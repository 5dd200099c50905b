/** What of a source RTMP does not carry, said in sentences for the operator. */
import type { AudioCodec, AudioStream, LossReason, SelectedStreams } from "../es/units.ts"
import { UNIT_MAX } from "../es/video-units.ts"

const NAMES: Readonly<Record<AudioCodec, string>> = { aac: "AAC", ac3: "AC-3", eac3: "E-AC-3", opus: "Opus" }
const hex = (pid: number): string => `0x${pid.toString(16)}`

export interface LeftOutHandler {
  /** Something of the source is left out: each sentence comes once. */
  readonly problem: (sentence: string) => void
  /** Something was left out now that is carried otherwise: the sentence comes each time. */
  readonly fault?: (sentence: string) => void
}

export class LeftOut {
  readonly #handler: LeftOutHandler
  readonly #said = new Set<string>()

  constructor(handler: LeftOutHandler) {
    this.#handler = handler
  }

  /** Hands on a sentence unless it was said before. */
  say(sentence: string): void {
    if (this.#said.has(sentence)) return
    this.#said.add(sentence)
    this.#handler.problem(sentence)
  }

  hevc(pid: number): void {
    this.say(
      `The HEVC video on PID ${hex(pid)} is left out: allow hevc where the destination takes Enhanced RTMP, or send H.264.`,
    )
  }

  audio({ codec, pid }: AudioStream): void {
    const what = `The ${NAMES[codec]} audio on PID ${hex(pid)} is left out`
    this.say(`${what}: allow ${codec} where the destination takes Enhanced RTMP, or send AAC.`)
  }

  unsupported(streams: SelectedStreams["unsupported"]): void {
    for (const { pid, name } of streams) {
      this.say(`The ${name} on PID ${hex(pid)} is left out: RTMP cannot carry it, send H.264 video and AAC audio.`)
    }
  }

  /** Part of the video was given up by the demuxer; other reasons than these two are told elsewhere. */
  lostVideo(pid: number, reason: LossReason): void {
    if (reason === "no_start_code")
      this.#handler.fault?.(
        `The video on PID ${hex(pid)} holds no pictures at times, and those parts are left out: it is scrambled, or of another codec than the PMT says.`,
      )
    else if (reason === "too_large")
      this.#handler.fault?.(
        `A picture of the video on PID ${hex(pid)} found no end within ${UNIT_MAX >> 20} MiB and is left out: look at what the encoder sends there.`,
      )
  }
}
