/**
 * A copy of the end of the log: what the service writes goes to its standard output, where a control plane that starts
 * anew cannot read it.
 */
import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { Context } from "effect"

export interface LogCopy {
  /** Takes a line as it was written, with its end of line. */
  readonly add: (line: string) => void
  /** Begins `file` anew with the lines so far, and keeps it from then on. A full disk loses the copy and nothing else. */
  readonly keepIn: (file: string) => void
}

/** Characters that are kept in memory, and of which a file that grew too long is made anew. */
export const COPY_CHARACTERS = 65_536
/** Characters from which on the file is made anew. */
const FILE_CHARACTERS = 4 * COPY_CHARACTERS

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g")

export const makeLogCopy = (): LogCopy => {
  const lines: string[] = []
  let [inMemory, inFile] = [0, 0]
  let file: string | null = null

  const begin = (path: string): void => {
    const partial = `${path}.part`
    try {
      writeFileSync(partial, lines.join(""), { mode: 0o600 })
      renameSync(partial, path)
      inFile = inMemory
    } catch {
      rmSync(partial, { force: true })
    }
  }

  return {
    add: (text) => {
      const line = text.replaceAll(COLOURS, "").slice(-COPY_CHARACTERS)
      lines.push(line)
      inMemory += line.length
      while (inMemory > COPY_CHARACTERS) inMemory -= lines.shift()?.length ?? 0
      if (file === null) return
      inFile += line.length
      if (inFile > FILE_CHARACTERS) return begin(file)
      try {
        appendFileSync(file, line, { mode: 0o600 })
      } catch {
        // Nobody could be told: a line about it would come here, too.
      }
    },
    keepIn: (path) => {
      file = path
      begin(path)
    },
  }
}

/** That of the service's own logger. */
export class ServiceLogCopy extends Context.Tag("distributor/ServiceLogCopy")<ServiceLogCopy, LogCopy>() {}
