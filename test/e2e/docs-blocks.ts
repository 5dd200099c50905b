/** Reads the commands of a page: fenced `sh` blocks, with flags that say how a test treats them. */
import { readFileSync } from "node:fs"

export interface DocBlock {
  readonly language: string
  /** Words behind the language: `elsewhere`, `background`, `exit=2`, `status=409`. */
  readonly flags: ReadonlySet<string>
  readonly text: string
  /** Line of the page where the block begins. */
  readonly line: number
}

/** Returns every fenced block of a page, in its order; throws when a block is not closed. */
export const blocksOf = (file: string): ReadonlyArray<DocBlock> => {
  const lines = readFileSync(file, "utf8").split("\n")
  const blocks: DocBlock[] = []
  let begun: { line: number; info: ReadonlyArray<string> } | null = null
  lines.forEach((line, index) => {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) return
    if (begun === null) {
      begun = { line: index + 1, info: (fence[1] ?? "").trim().split(/\s+/) }
      return
    }
    const [language = "", ...flags] = begun.info
    blocks.push({ language, flags: new Set(flags), text: lines.slice(begun.line, index).join("\n"), line: begun.line })
    begun = null
  })
  if (begun !== null) throw new Error(`${file}: a block is not closed`)
  return blocks
}

/** Returns the number of a flag such as `exit=2`; null without the flag. */
export const numberOf = (block: DocBlock, name: string): number | null => {
  const flag = [...block.flags].find((word) => word.startsWith(`${name}=`))
  return flag === undefined ? null : Number(flag.slice(name.length + 1))
}

/** Returns the commands of a block, with continuation lines joined and comments left out. */
export const commandsOf = (block: DocBlock): ReadonlyArray<string> =>
  block.text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
