import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { debianVersion, formatVersion, openSrtLibrary, vulnerability } from "./srt-library.ts"

const status = (
  version: string,
  state = "install ok installed",
) => `Package: ffmpeg\nStatus: install ok installed\nVersion: 7:5.1\n
Package: libsrt1.5-openssl\nStatus: ${state}\nPriority: optional\nVersion: ${version}\n`

describe("libsrt's version", () => {
  it.each([
    [0x010501, "1.5.1-1+deb12u2", true],
    [0x010501, "1.5.1-1+deb12u10", true],
    [0x010501, "1.5.1-1+deb12u1", false],
    [0x010501, "1.5.1-1", false],
    [0x010501, null, false],
    [0x010505, null, false],
    [0x010506, null, true],
    [0x010600, "1.6.0-1", true],
  ])("%i with package %s is safe: %s", (version, debian, safe) => {
    expect(vulnerability(version, debian) === null).toBe(safe)
  })

  it("names the package, the holes and the command", () => {
    expect(vulnerability(0x010501, "1.5.1-1+deb12u1")).toMatch(
      /libsrt1\.5-openssl 1\.5\.1-1\+deb12u1.*CVE-2026-55868.*apt-get install libsrt1\.5-openssl/,
    )
  })

  it("reads the version of an installed package from dpkg's database", () => {
    expect(debianVersion(status("1.5.1-1+deb12u2"))).toBe("1.5.1-1+deb12u2")
    expect(debianVersion(status("1.5.1-1+deb12u2", "deinstall ok config-files"))).toBeNull()
    expect(debianVersion("")).toBeNull()
  })

  it("formats the number of srt_getversion", () => {
    expect(formatVersion(0x010501)).toBe("1.5.1")
  })
})

describe("opening libsrt", () => {
  it("says what to install when the library is missing", () => {
    const library = openSrtLibrary({ DISTRIBUTOR_LIBSRT: "libsrt-that-is-not-there.so.9" })
    expect(library.srt).toBeNull()
    expect(library.info.available).toBe(false)
    expect(library.info.problem).toMatch(/apt-get install libsrt1\.5-openssl/)
  })

  it("works with a vulnerable build, and says so", () => {
    const folder = mkdtempSync(join(tmpdir(), "dpkg-"))
    const path = join(folder, "status")
    writeFileSync(path, status("1.5.1-1+deb12u1"))
    const library = openSrtLibrary({ DISTRIBUTOR_DPKG_STATUS: path })
    rmSync(folder, { recursive: true })
    expect(library.info).toMatchObject({ available: true, version: "1.5.1-1+deb12u1" })
    expect(library.info.problem).toMatch(/lacks the fixes/)
    library.srt?.cleanup()
  })
})
