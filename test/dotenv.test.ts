// The CLI runs on Node and the service on Bun; both must find the same settings in the same files.
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
const bun = join(root, "node_modules", ".bin", "bun")
/** PATH without the folder in which Bun puts itself in front as `node`. */
const PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((entry) => !entry.includes("bun-node"))
  .join(delimiter)
const SHOW =
  "process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => /^S_/.test(name)).sort())))"

/** Returns `${text}` as a shell writes it. */
const braced = (text: string) => ["$", "{", text, "}"].join("")

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dotenv-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (program: string, script: string, env: Record<string, string>): unknown =>
  JSON.parse(execFileSync(program, ["-e", script], { cwd: folder, env: { PATH, ...env }, encoding: "utf8" }))
/** Returns the settings that the service finds, and those that the CLI finds. */
const both = (env: Record<string, string> = {}) => ({
  service: run(bun, SHOW, env),
  cli: run(
    "node",
    `import(${JSON.stringify(join(root, "scripts", "dotenv.mjs"))}).then(({ loadEnvFiles }) => { loadEnvFiles(); ${SHOW} })`,
    env,
  ),
})
const write = (name: string, ...lines: ReadonlyArray<string>) => writeFileSync(join(folder, name), lines.join("\n"))

describe("settings in files", () => {
  it("are what Bun reads, however they are written", () => {
    write(
      ".env",
      "# a comment",
      "",
      "S_PLAIN=8000",
      "S_SPACED = in two words   # why",
      'S_DOUBLE="a # that stays" # one that goes',
      "S_SINGLE='a # that stays'",
      "S_BACK=`a 'quoted' word`",
      "export S_EXPORTED=yes",
      "\tS_INDENTED=yes",
      "S_EMPTY=",
      "S_EMPTY_QUOTES=''",
      "S_EQUALS=a=b==",
      "S_URL=postgresql://user:p%40ss@host:5432/db?sslmode=verify-full",
      "S_COMMENT_CLOSE=a#b",
      'S_LINES="one\\ntwo"',
      'S_REAL_LINES="one',
      'two"',
      `S_NAMED=$S_PLAIN/${braced("S_PLAIN")}/x`,
      `S_FALLBACK=${braced("S_NOWHERE:-else")}`,
      `S_NOTHING=${braced("S_NOWHERE")}`,
      "S_DOLLAR=\\$S_PLAIN",
      "S_CARRIAGE=x\r",
      "S_TWICE=first",
      "S_TWICE=second",
      "S_LAST=without a line end",
    )
    const { cli, service } = both()
    expect(cli).toEqual(service)
    expect(service).toMatchObject({
      S_PLAIN: "8000",
      S_DOUBLE: "a # that stays",
      S_TWICE: "second",
      S_NAMED: "8000/8000/x",
      S_EMPTY: "",
    })
  })

  it.each([{}, { NODE_ENV: "production" }, { NODE_ENV: "test" }, { S_A: "", S_B: "from the environment" }])(
    "come from the same file of several with %j",
    (env) => {
      write(".env", "S_A=base", "S_B=base", "S_C=base", "S_D=base", "S_E=base")
      write(".env.local", "S_B=local", "S_C=local", "S_D=local")
      for (const mode of ["development", "production", "test"]) {
        write(`.env.${mode}`, `S_C=${mode}`, `S_D=${mode}`, `S_E=${mode}`)
        write(`.env.${mode}.local`, `S_D=${mode} local`)
      }
      const { cli, service } = both(env as Record<string, string>)
      expect(cli).toEqual(service)
      expect(service).toMatchObject("S_B" in env ? { S_A: "", S_B: "from the environment" } : { S_A: "base" })
    },
  )

  it("are none where there are no files", () => {
    expect(both({ S_A: "kept" })).toEqual({ service: { S_A: "kept" }, cli: { S_A: "kept" } })
  })
})
