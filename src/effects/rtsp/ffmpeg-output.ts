/** Reads what ffmpeg prints while it publishes: its progress, and the line that says why it failed. Pure. */
import { printable } from "../../core/bytes/printable.ts"
import { maskText } from "../config/Logging.ts"

/** Lines of ffmpeg's standard error that are kept. */
export const KEPT_LINES = 50
const MAX_LINE = 500

/** Reads `-progress` blocks from chunks of any size. */
export class ProgressReader {
  #rest = ""
  #frames = 0
  #outTimeUs = 0

  /** True when a block in this chunk shows that more has been sent than at the block before. */
  push(chunk: string): boolean {
    const lines = (this.#rest + chunk).split("\n")
    this.#rest = (lines.pop() ?? "").slice(-MAX_LINE)
    let advanced = false
    for (const line of lines) {
      const [key, value] = line.trim().split("=")
      const number = Number(value)
      // `N/A` and negative times mean that nothing has been sent yet.
      if (key === "frame" && number > this.#frames) {
        this.#frames = number
        advanced = true
      } else if (key === "out_time_us" && number > this.#outTimeUs) {
        this.#outTimeUs = number
        advanced = true
      }
    }
    return advanced
  }
}

/** Cuts chunks into lines, without the address that ffmpeg puts before most. */
export class LineTail {
  readonly lines: string[] = []
  #rest = ""

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split(/[\r\n]+/)
    this.#rest = (lines.pop() ?? "").slice(0, MAX_LINE)
    for (const line of lines) this.#keep(line)
  }

  /** Takes a last line that has no line end. */
  end(): void {
    this.#keep(this.#rest)
    this.#rest = ""
  }

  #keep(line: string): void {
    const text = line.replace(/^\[[^\]]* @ 0x[0-9a-f]+\]\s*/, "").trim()
    if (text === "") return
    // It repeats what the server says.
    this.lines.push(printable(text.slice(0, MAX_LINE)))
    if (this.lines.length > KEPT_LINES) this.lines.shift()
  }
}

/** Lines that only follow from another one, which says more. */
const CONSEQUENCE =
  /^(?:Error initializing output stream|Conversion failed|Error writing trailer|av_interleaved_write_frame|Could not write header|Error (?:muxing|submitting)|Error opening output|Task finished|Terminating thread|Last message repeated)/i
const FAILURE =
  /fail|refused|error|denied|unable|unauthori[sz]ed|forbidden|invalid|not supported|not found|unknown|timed? ?out|could not|cannot|no route|unreachable|broken pipe|reset by peer|resolve/i

/** Masks the secrets of a URL in ffmpeg's text, which repeats the URL, or parts of it, as given. */
const hide = (text: string, url: string): string => {
  const login = /^[a-z]+:\/\/([^/?#]*)@/i.exec(url)?.[1]
  const secret = login === undefined ? "" : login.slice(login.indexOf(":") + 1)
  const masked = maskText(text.replaceAll("rtsp:////", "rtsp://"))
  return secret === "" ? masked : masked.replaceAll(secret, "***")
}

/** The line that best explains why ffmpeg ended, with its secrets masked; null when none does. */
export const failureIn = (lines: ReadonlyArray<string>, url: string): string | null => {
  const line =
    lines.findLast((l) => FAILURE.test(l) && !CONSEQUENCE.test(l)) ??
    lines.findLast((l) => /^Could not write header|^av_interleaved_write_frame/.test(l))?.replace(/^.*: /, "") ??
    null
  return line === null ? null : hide(line, url)
}

/** The kept lines for the log, with secrets masked. */
export const shownLines = (lines: ReadonlyArray<string>, url: string): string => hide(lines.join("\n"), url)
