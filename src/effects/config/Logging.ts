/**
 * pino behind Effect's logger: annotations (`channel`, `output`, `source`) become fields of the line.
 */
import { Cause, Effect, HashMap, Layer, Logger } from "effect"
import pino from "pino"
import { prettyFactory } from "pino-pretty"
import { printable } from "../../core/bytes/printable.ts"
import { maskSecrets } from "../../core/output/output-url.ts"
import { AppConfig, type AppConfigService } from "./AppConfig.ts"
import { type LogCopy, makeLogCopy, ServiceLogCopy } from "./log-copy.ts"
import { pinoLevel } from "./log-levels.ts"
import { type LogLines, makeLogLines, ServiceLog } from "./log-lines.ts"

/** Where the lines go: standard output, or a stream of a test. */
export interface LogSink {
  write(line: string): unknown
}

const URL_IN_TEXT = /\b(?:srt|rtmps?|rtsps?|rtp|udp|https?):\/\/[^\s"'<>]+/gi

/** Masks the secrets of every URL in a text: the last line of defence, call sites mask what they log. */
export const maskText = (text: string): string => text.replace(URL_IN_TEXT, (url) => maskSecrets(url))

/** Lines end where the service ends them; nothing else that a stranger sent moves a terminal's cursor. */
const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** A text as it may be written: without secrets and without control characters. */
const writable = (text: string): string => printableLines(maskText(text))

const textOf = (message: unknown): string =>
  (Array.isArray(message) ? message : [message])
    .map((part) => (typeof part === "string" ? part : part instanceof Error ? part.message : JSON.stringify(part)))
    .join(" ")

/** Synchronous writes: the last line before an exit is never lost, and lines are few (one per state change). */
const makePino = (format: "json" | "pretty", sink: LogSink | undefined, copy: LogCopy | undefined) => {
  const written = sink ?? pino.destination({ fd: 1, sync: true })
  const out: LogSink =
    copy === undefined
      ? written
      : {
          write: (line) => {
            copy.add(line)
            written.write(line)
          },
        }
  const colorize = sink === undefined && process.stdout.isTTY === true
  const render = prettyFactory({ translateTime: "SYS:HH:MM:ss.l", singleLine: true, colorize })
  // Effect filters by level; pino passes on what it is given.
  const options = { base: null, level: "trace", timestamp: pino.stdTimeFunctions.isoTime }
  return format === "json"
    ? pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, out)
    : pino(options, { write: (line: string) => out.write(render(line)) })
}

const slugOf = (value: unknown) => (typeof value === "string" ? value : null)

/** An Effect logger that writes to pino, keeps the last lines in `lines`, and what it writes in `copy`. */
export const makePinoLogger = (
  format: "json" | "pretty",
  sink?: LogSink,
  lines?: LogLines,
  copy?: LogCopy,
): Logger.Logger<unknown, void> => {
  const log = makePino(format, sink, copy)
  return Logger.make(({ annotations, cause, date, logLevel, message }) => {
    const fields: Record<string, unknown> = {}
    HashMap.forEach(annotations, (value, key) => {
      fields[key] = typeof value === "string" ? writable(value) : value
    })
    if (!Cause.isEmpty(cause)) fields["cause"] = writable(Cause.pretty(cause, { renderErrorCause: true }))
    const level = pinoLevel(logLevel)
    const text = writable(textOf(message))
    log[level](fields, text)
    if (lines === undefined) return
    const { cause: why, channel, output } = fields
    const withCause = typeof why === "string" ? `${text}: ${why.split("\n", 1)[0] ?? ""}` : text
    lines.add({ at: date.toISOString(), level, channel: slugOf(channel), output: slugOf(output), message: withCause })
  })
}

/** Replaces Effect's default logger by pino, at the level and in the format of the configuration. */
export const layerFrom = (
  config: Pick<AppConfigService, "logFormat" | "logLevel">,
  sink?: LogSink,
  lines?: LogLines,
  copy?: LogCopy,
) =>
  Layer.merge(
    Logger.replace(Logger.defaultLogger, makePinoLogger(config.logFormat, sink, lines, copy)),
    Logger.minimumLogLevel(config.logLevel),
  )

/** The logger, its last lines as `ServiceLog`, and a copy of what it writes as `ServiceLogCopy`. */
export const LoggingLive = Layer.unwrapEffect(
  Effect.map(AppConfig, (config) => {
    const lines = makeLogLines()
    const copy = makeLogCopy()
    return Layer.mergeAll(
      layerFrom(config, undefined, lines, copy),
      Layer.succeed(ServiceLog, lines),
      Layer.succeed(ServiceLogCopy, copy),
    )
  }),
)
