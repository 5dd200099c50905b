/** House rules of plain English that a machine can check, over code, tests, scripts and documentation. */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
const FOLDERS = ["src", "views", "test", "docs", "load-tests", "scripts", "deploy", "grafana/src", "prometheus"]
const TEXT = /\.(?:tsx?|m?js|css|md|ya?ml|sh|c|conf|service)$/

/** Phrases that must not occur, each with the reason. They are written so that this file does not match itself. */
const RULES: ReadonlyArray<readonly [why: string, pattern: RegExp]> = [
  ["a doc comment begins with its subject", /^\s*(?:\/\*\*|\/\/|\* |#) ?(?:Of |The same\b)/],
  ["S and R are spoken with a vowel: an SRT, an RTP, an RTSP, an RTMP", /\b[Aa] (?:SRT|RTP|RTSP|RTMP|SCTE|FEC)\b/],
  ["features are named for what they do", /\b[Ss]eed[ -][ABC]\b/],
]
/** Whether a comment line continues the line before it, so that it may begin with any word. */
const isContinued = (line: string, before: string): boolean =>
  /^\s*(?:\*|\/\/|#) /.test(line) && /^\s*(?:\*|\/\/|#) \S/.test(before) && !/[.:!?]$/.test(before)

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXT.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

/** Lines of a text that break a rule, each as `file:line reason: text`. */
const faultsIn = (file: string, text: string): ReadonlyArray<string> => {
  const lines = text.split("\n")
  return lines.flatMap((line, n) =>
    RULES.filter(([, pattern]) => pattern.test(line))
      .filter(([why]) => !(why === RULES[0]?.[0] && isContinued(line, lines[n - 1] ?? "")))
      .map(([why]) => `${file}:${n + 1} ${why}: ${line.trim()}`),
  )
}

describe("plain English", () => {
  it("finds what it looks for", () => {
    const article = "a"
    const faults = [
      `/** ${"Of"} an output. */`,
      `  // ${"The"} same.`,
      `${article} SRT output`,
      `${"seed"} B`,
      `${"A"} RTMP server`,
    ]
    for (const fault of faults) expect(faultsIn("x.ts", fault)).toHaveLength(1)
    expect(faultsIn("x.ts", "/** An SRT output of the same name. */\n// The sameness of an RTP leg; seed 5")).toEqual(
      [],
    )
    expect(faultsIn("x.ts", ` * one, which are those\n * ${"Of"} the other`)).toEqual([])
  })

  it("holds over code, tests, scripts and documentation", () => {
    const files = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...FOLDERS.flatMap(filesIn)]
    expect(files.length).toBeGreaterThan(500)
    expect(files.flatMap((file) => faultsIn(file, readFileSync(join(root, file), "utf8")))).toEqual([])
  })
})
