/** Where secrets are looked for beside what the product answers: processes, files, streams. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { eventually } from "./product.ts"
import type { SecretSearch } from "./secret-search.ts"

/** Every process of this machine that can be looked at; those of the product are among them. */
const processes = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name))
const readProcess = (pid: string, file: "cmdline" | "environ"): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1")
  } catch {
    return ""
  }
}

/** Looks at command lines and environments. */
export class ProcessSearch {
  /** Command lines that were seen. */
  readonly programs = new Set<string>()
  readonly #search: SecretSearch
  readonly #given: ReadonlyArray<string>
  /** Processes looked at since the search began, with their command lines, which change with the environment (execve). */
  readonly #lookedAt = new Set<string>()

  /** `given` are variables, as `NAME=value`, that the service was started with. */
  constructor(search: SecretSearch, given: ReadonlyArray<string>) {
    this.#search = search
    this.#given = given
  }

  /** Looks at the processes that were not looked at since the search began. */
  look(): void {
    const { begun, look } = this.#search
    for (const pid of processes()) {
      const line = readProcess(pid, "cmdline")
      const looked = `${begun} ${pid} ${line}`
      if (line === "" || this.#lookedAt.has(looked)) continue
      this.#lookedAt.add(looked)
      this.programs.add(line.replaceAll("\0", " "))
      look(`the command line ${line.slice(0, 80).replaceAll("\0", " ")}`, line)
      const own = /\/src\/main\.ts\0/.test(line) ? this.#given.map((one) => `\0${one}\0`) : []
      const environ = own.reduce((text, one) => text.replace(one, "\0"), `\0${readProcess(pid, "environ")}`)
      look(`the environment of ${line.slice(0, 80).replaceAll("\0", " ")}`, environ)
    }
  }
}

/** Reads a stream until `enough` of it is there. */
export const streamOf = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  enough: (text: string) => boolean,
): Promise<string> => {
  const abort = new AbortController()
  const answer = await fetch(url, { headers, signal: abort.signal })
  const reader = answer.body?.getReader()
  let text = ""
  const decoder = new TextDecoder()
  await eventually(`what ${url} sends`, async () => {
    const part = await reader?.read()
    text += decoder.decode(part?.value)
    return part?.done === true || enough(text) ? true : null
  })
  abort.abort()
  return text
}

/** Paths of the files below a directory. */
export const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)

/**
 * Content of a file of the running product; empty when the file was removed since it was listed, as the `.pid` of a
 * process may be.
 */
export const contentOf = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return ""
    throw cause
  }
}
