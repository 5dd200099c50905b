/** Command-line options of the load tools: `--name value` and `--flag`, with their types and defaults in one table. */
import { parseArgs } from "node:util"

type Kind = "number" | "string" | "boolean"
type Table = Readonly<Record<string, Kind>>
type Value<K extends Kind> = K extends "number" ? number : K extends "string" ? string : boolean
export type Parsed<T extends Table> = { readonly [K in keyof T]?: Value<T[K]> }

/** Reads the process's arguments; prints what is wrong, or the options on `--help`, and exits. */
export const readArguments = <const T extends Table>(
  table: T,
  usage: string,
  argv: ReadonlyArray<string> = process.argv.slice(2),
): Parsed<T> => {
  const end = (code: number, message: string): never => {
    process.stderr.write(`${message}\n`)
    process.exit(code)
  }
  const options = Object.fromEntries(
    [...Object.entries(table), ["help", "boolean"]].map(([name, kind]) => [
      name,
      { type: kind === "boolean" ? "boolean" : "string" },
    ]),
  ) as Record<string, { type: "boolean" | "string" }>
  const parsed: Record<string, unknown> = {}
  try {
    for (const [name, value] of Object.entries(parseArgs({ args: [...argv], options, strict: true }).values)) {
      if (name === "help") end(0, usage)
      parsed[name] = table[name] === "number" ? Number(value) : value
      if (Number.isNaN(parsed[name])) end(2, `--${name} takes a number, not "${String(value)}"`)
    }
  } catch (cause) {
    end(2, `${cause instanceof Error ? cause.message : String(cause)}\n${usage}`)
  }
  return parsed as Parsed<T>
}
