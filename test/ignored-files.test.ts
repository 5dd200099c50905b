// What holds secrets must not get into a commit or an image by `git add .` and `docker build .`.
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { contextFilter } from "../deploy/image/build-context.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const SECRET_FILES = [
  ".env",
  ".env.local",
  ".env.production",
  "distributor.db",
  "distributor.db-wal",
  "distributor.db-shm",
  "copies/distributor-20260102T030405Z.db",
  "backups/distributor-20260102T030405Z.db",
  "config/distributor.db",
  "secret.key",
  // As docs/backup.md copies and names them.
  "secret.key.copy",
  "channels-backup.yaml",
  "backup.json",
  "2026-01-02-backup.yml",
  "prometheus/distributor.key",
  "tls.key",
  "privkey.pem",
]
/** Whatever their names are. */
const MOUNTED = ["deploy/files/tls.crt", "deploy/files/channels.yaml"]
const SOURCES = [
  "src/effects/store/sqlite/copies.ts",
  "docs/backup.md",
  "deploy/examples/channels.yaml",
  "deploy/examples/environment",
]

describe(".gitignore", () => {
  let checkout: string
  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), "ignored-"))
    execFileSync("git", ["init", "--quiet", checkout])
    copyFileSync(join(root, ".gitignore"), join(checkout, ".gitignore"))
  })
  afterAll(() => rmSync(checkout, { recursive: true, force: true }))
  const isIgnored = (path: string) => {
    const { status, stderr } = spawnSync("git", ["check-ignore", "--quiet", path], { cwd: checkout, encoding: "utf8" })
    if (status !== 0 && status !== 1) throw new Error(stderr)
    return status === 0
  }

  it.each([...SECRET_FILES, ...MOUNTED])("%s is ignored", (path) => {
    expect(isIgnored(path)).toBe(true)
  })
  it.each([...SOURCES, "deploy/files/README.md"])("%s is not", (path) => {
    expect(isIgnored(path)).toBe(false)
  })
})

describe(".dockerignore", () => {
  const included = contextFilter(readFileSync(join(root, ".dockerignore"), "utf8"))

  it.each(SECRET_FILES)("%s is not in the context, below a folder that is neither", (path) => {
    expect([included(path), included(`src/${path}`)]).toEqual([false, false])
  })
  it("what is mounted into the container is not, and the sources are", () => {
    expect(MOUNTED.filter(included)).toEqual([])
    expect(included("src/effects/store/sqlite/copies.ts")).toBe(true)
  })
})
