// What `npm start` and `npm test` let npm install, checked with an npm that only notes what it is asked for.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
/** PATH without the folder in which Bun puts itself in front as `node`. */
const PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((entry) => !entry.includes("bun-node"))
  .join(delimiter)
/**
 * A script in place of npm. It leaves what the real npm would leave: the runtime and, with the test tools, vitest.
 * Omitting the test tools removes those that are there.
 */
const NPM = `#!/bin/sh
echo "$@" >> calls
[ -e npm-fails ] && exit 1
mkdir -p node_modules/.bin && touch node_modules/.bin/bun
case " $* " in
  *" --omit=dev "*) rm -rf node_modules/vitest ;;
  *" --include=dev "*) mkdir -p node_modules/vitest ;;
  *) if [ "$NODE_ENV" = production ]; then rm -rf node_modules/vitest; else mkdir -p node_modules/vitest; fi ;;
esac
`

let checkout: string
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "setup-"))
  for (const folder of ["scripts", "tools"]) mkdirSync(join(checkout, folder))
  copyFileSync(join(root, "scripts", "setup.mjs"), join(checkout, "scripts", "setup.mjs"))
  writeFileSync(join(checkout, "package-lock.json"), "{}")
  writeFileSync(join(checkout, "tools", "npm"), NPM, { mode: 0o755 })
})
afterEach(() => rmSync(checkout, { recursive: true, force: true }))

const setUp = (purpose: "run" | "test", env: Record<string, string> = {}): void => {
  const script = `import(${JSON.stringify(join(checkout, "scripts", "setup.mjs"))}).then(({ nodePackages }) => nodePackages("${purpose}"))`
  const path = [join(checkout, "tools"), PATH].join(delimiter)
  execFileSync("node", ["-e", script], { cwd: checkout, env: { PATH: path, ...env }, stdio: "pipe" })
}
/** The arguments of npm so far, one line for each call. */
const callLines = (): ReadonlyArray<string> =>
  existsSync(join(checkout, "calls")) ? readFileSync(join(checkout, "calls"), "utf8").trim().split("\n") : []
/** What npm was asked for so far: "run" for the packages to run, "all" for all packages. */
const calls = (): ReadonlyArray<string> => callLines().map((line) => (line.includes("--omit=dev") ? "run" : "all"))
const hasTestTools = () => existsSync(join(checkout, "node_modules", "vitest"))
const changeLock = () => writeFileSync(join(checkout, "package-lock.json"), '{ "changed": true }')

describe("set-up of npm packages", () => {
  it("installs what runs, once, and adds the test tools for tests, once", () => {
    setUp("run")
    expect([calls(), hasTestTools()]).toEqual([["run"], false])
    setUp("run")
    expect(calls()).toEqual(["run"])
    setUp("test")
    expect([calls(), hasTestTools()]).toEqual([["run", "all"], true])
    setUp("test")
    expect(calls()).toEqual(["run", "all"])
  })

  it("never takes test tools away, not when the packages have changed either", () => {
    setUp("test")
    setUp("run")
    expect([calls(), hasTestTools()]).toEqual([["all"], true])
    changeLock()
    setUp("run")
    expect([calls(), hasTestTools()]).toEqual([["all", "all"], true])
    setUp("test")
    expect(calls()).toEqual(["all", "all"])
  })

  it("installs anew what runs when the packages have changed", () => {
    setUp("run")
    changeLock()
    setUp("run")
    expect([calls(), hasTestTools()]).toEqual([["run", "run"], false])
  })

  it("keeps test tools that somebody has installed by hand", () => {
    mkdirSync(join(checkout, "node_modules", "vitest"), { recursive: true })
    setUp("run")
    expect([calls(), hasTestTools()]).toEqual([["all"], true])
  })

  it("takes the stamp of an earlier version for all packages", () => {
    mkdirSync(join(checkout, "node_modules", ".bin"), { recursive: true })
    writeFileSync(join(checkout, "node_modules", ".bin", "bun"), "")
    writeFileSync(join(checkout, "node_modules", ".setup-stamp"), createHash("sha256").update("{}").digest("hex"))
    setUp("run")
    setUp("test")
    expect(calls()).toEqual([])
  })

  it("has the test tools with NODE_ENV=production too", () => {
    setUp("test", { NODE_ENV: "production" })
    expect(hasTestTools()).toBe(true)
  })

  it("installs what the lock file says, from nothing the first time, and only what has changed later", () => {
    setUp("run")
    changeLock()
    setUp("run")
    expect(callLines().map((line) => line.split(" --")[0])).toEqual(["ci", "install"])
    expect(callLines()[1]).toContain("--no-save")
  })

  it("tries again after npm failed", () => {
    writeFileSync(join(checkout, "npm-fails"), "")
    expect(() => setUp("run")).toThrow(/npm ci failed/)
    rmSync(join(checkout, "npm-fails"))
    setUp("run")
    expect(calls()).toEqual(["run", "run"])
  })
})
