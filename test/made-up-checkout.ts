// Made-up checkouts on which rules of `npm run check` are tried.
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Paths and what they hold. */
export type Files = Readonly<Record<string, string>>

export interface Checked {
  readonly passes: boolean
  readonly output: string
}

/**
 * Returns what the checks say whose names begin with one of `names`, in a checkout that holds nothing but `files`, our
 * own files at the paths `copied`, and TypeScript with the programs of node_modules. It is removed again.
 */
export const checkMadeUp = (names: ReadonlyArray<string>, copied: ReadonlyArray<string>, files: Files): Checked => {
  const checkout = mkdtempSync(join(tmpdir(), "made-up-checkout-"))
  try {
    mkdirSync(join(checkout, "scripts"))
    mkdirSync(join(checkout, "node_modules"))
    for (const name of [".bin", "typescript"])
      symlinkSync(join(root, "node_modules", name), join(checkout, "node_modules", name))
    for (const path of copied) copyFileSync(join(root, path), join(checkout, path))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(checkout, dirname(path)), { recursive: true })
      writeFileSync(join(checkout, path), text)
    }
    const run = spawnSync("node", ["scripts/check.mjs", ...names], { cwd: checkout, encoding: "utf8" })
    return { passes: run.status === 0, output: `${run.stdout}${run.stderr}` }
  } finally {
    rmSync(checkout, { recursive: true, force: true })
  }
}
