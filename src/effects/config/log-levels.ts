/** Names of the log levels, as `LOG_LEVEL` and pino spell them. */
import { LogLevel } from "effect"

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const
export type LogLevelName = (typeof LOG_LEVELS)[number]

const LEVELS: Record<LogLevelName, LogLevel.LogLevel> = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
}

export const toLogLevel = (name: LogLevelName): LogLevel.LogLevel => LEVELS[name]

/** The pino method that writes an Effect log level. */
export const pinoLevel = (level: LogLevel.LogLevel): LogLevelName =>
  LOG_LEVELS.findLast((name) => LEVELS[name].ordinal <= level.ordinal) ?? "trace"
