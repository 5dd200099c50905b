import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { unzip } from "../testing/unzip.ts"
import { zipOf } from "./zip.ts"

const MS = Date.UTC(2026, 10, 24, 12, 34, 56)
const file = (name: string, text: string) => ({ name, bytes: Buffer.from(text) })
const FILES = [file("a/one.txt", "one\n"), file("a/zwölf 📺.txt", "ü".repeat(100_000)), file("empty", "")]

describe("an archive", () => {
  it("holds what was put in", () => {
    expect([...unzip(zipOf(FILES, MS))]).toEqual(FILES.map(({ bytes, name }) => [name, bytes.toString()]))
    expect(zipOf(FILES, MS).length).toBeLessThan(2000)
    expect(unzip(zipOf([], MS)).size).toBe(0)
  })

  it("is one to another program, which finds nothing wrong with it", () => {
    const directory = mkdtempSync(join(tmpdir(), "zip-test-"))
    try {
      writeFileSync(join(directory, "x.zip"), zipOf(FILES, MS))
      const python =
        "import sys,zipfile;z=zipfile.ZipFile('x.zip');print(z.testzip(),z.infolist()[0].date_time,len(z.namelist()));z.extractall()"
      const { stderr, stdout } = spawnSync("python3", ["-c", python], { cwd: directory, encoding: "utf8" })
      expect([stdout.trim(), stderr]).toEqual(["None (2026, 11, 24, 12, 34, 56) 3", ""])
      expect(readFileSync(join(directory, "a/zwölf 📺.txt"), "utf8")).toBe("ü".repeat(100_000))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
