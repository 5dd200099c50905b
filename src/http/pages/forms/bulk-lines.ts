/** Many outputs in one text: a URL a line, with or without a name in front of it. */
import type { BulkLine } from "../../../../views/forms/BulkPage.tsx"
import { describeOutput } from "../../../core/output/describe-output.ts"
import { maskSecrets, parseOutputUrl } from "../../../core/output/output-url.ts"
import { pastedUrl } from "../../../core/output/pasted-url.ts"
import type { FieldError } from "../../../effects/model/Errors.ts"

/** More than anybody pastes on purpose. */
export const MAX_LINES = 200

/** The beginning of a command line with a URL in it, which is no name. */
const COMMAND = /^(?:\S*\/)?(?:ffmpeg|ffplay|gst-launch-1\.0|srt-live-transmit|vlc|cvlc)\s/

export interface PastedLine {
  /** From 1. */
  readonly line: number
  readonly name: string
  readonly url: string
}

/** Lines that are empty, and those that begin with `#`, are left out. */
export const pastedLines = (text: string): ReadonlyArray<PastedLine> =>
  text
    .split(/\r\n|\r|\n/)
    .map((raw, index) => ({ raw: raw.trim(), line: index + 1 }))
    .filter(({ raw }) => raw !== "" && !raw.startsWith("#"))
    .map(({ line, raw }) => {
      // The URL is the last word; what stands before it, spaces included, is the name.
      const [, name = "", url = raw] = /^(.*\S)\s+(\S+)$/.exec(raw) ?? []
      return COMMAND.test(raw) ? { line, name: "", url: pastedUrl(raw) } : { line, name, url: pastedUrl(url) }
    })

/** @param errors those of the API, with paths like `outputs[3].url` */
export const bulkLines = (
  lines: ReadonlyArray<PastedLine>,
  errors: ReadonlyArray<FieldError>,
): ReadonlyArray<BulkLine> =>
  lines.map(({ line, name, url }, index) => {
    const parsed = parseOutputUrl(url)
    const own = errors.filter(({ path }) => path === `outputs[${index}]` || path.startsWith(`outputs[${index}].`))
    const told = parsed.ok ? [...parsed.ignored.map((key) => `ignored: ${key} is not known`), ...parsed.warnings] : []
    return {
      line,
      name,
      url: maskSecrets(url),
      warnings: told,
      sentence: parsed.ok ? describeOutput(parsed) : "",
      errors: [...new Set([...(parsed.ok ? [] : parsed.errors), ...own].map(({ message }) => message))],
    }
  })
