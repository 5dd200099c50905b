/** @jsxImportSource hono/jsx */
import type { LogLine } from "../../src/effects/config/log-lines.ts"
import { Time } from "../layout/Time.tsx"

const CLASSES: Readonly<Record<LogLine["level"], string>> = {
  trace: "hint",
  debug: "hint",
  info: "",
  warn: "warning",
  error: "error",
  fatal: "error",
}

/** A line of the log; `many` in tables about many channels. */
export const LogRow = ({ line, many = false }: { readonly line: LogLine; readonly many?: boolean }) => (
  <tr id={`log-${line.id}`}>
    <td class="when">
      <Time at={line.at} to="ms" />
    </td>
    <td class={CLASSES[line.level]}>{line.level}</td>
    {many ? (
      <td>
        {line.channel === null ? "" : <a href={`/channels/${encodeURIComponent(line.channel)}`}>{line.channel}</a>}
      </td>
    ) : null}
    <td>{line.output ?? ""}</td>
    <td class="wide">{line.message}</td>
  </tr>
)

/** Head of a table of log lines. */
export const LogColumns = ({ many = false }: { readonly many?: boolean }) => (
  <tr>
    <th scope="col">Time</th>
    <th scope="col">Level</th>
    {many ? <th scope="col">Channel</th> : null}
    <th scope="col">Output</th>
    <th scope="col">Message</th>
  </tr>
)

/** Levels to choose from; each includes graver ones. */
export const LOG_CHOICES = [
  { value: "warn", name: "warnings and errors" },
  { value: "error", name: "errors" },
] as const
export type LogChoice = (typeof LOG_CHOICES)[number]["value"]

const SHOWN: Readonly<Record<LogChoice, ReadonlyArray<LogLine["level"]>>> = {
  warn: ["warn", "error", "fatal"],
  error: ["error", "fatal"],
}

export const isLogChoice = (text: string | undefined): text is LogChoice =>
  LOG_CHOICES.some(({ value }) => value === text)

/** Lines of a level and graver ones; all lines without a level. */
export const linesFrom = (lines: ReadonlyArray<LogLine>, level: LogChoice | undefined): ReadonlyArray<LogLine> =>
  level === undefined ? lines : lines.filter((line) => SHOWN[level].includes(line.level))
