// What package.json and package-lock.json have to be, so that `npm ci` works with npm 9, 10 and 11 from whichever
// registry.
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
// @ts-expect-error: a script without declarations
import { completed, missingPackages, platformOf } from "../scripts/complete-lock.mjs"

interface Entry {
  readonly version: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: ReadonlyArray<string>
}
const read = (name: string) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"))
const manifest = read("package.json")
const lock = read("package-lock.json")
const entries = Object.entries<Entry>(lock.packages).filter(([path]) => path !== "")

describe("package-lock.json", () => {
  it("has the optional packages of every platform, without which npm 11 refuses it", () => {
    expect(entries.length).toBeGreaterThan(300)
    expect(missingPackages(lock.packages)).toEqual([])
  })

  it("says of no package which registry it came from", () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })

  it("has a checksum for every package that this platform or an unknown one installs", () => {
    const unchecked = entries.filter(
      ([, { integrity, optional, os }]) => integrity === undefined && !(optional === true && os !== undefined),
    )
    expect(unchecked).toEqual([])
  })

  it("is that of package.json, whose versions are exact", () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies }
    expect(lock.packages[""].dependencies).toEqual(manifest.dependencies)
    expect(lock.packages[""].devDependencies).toEqual(manifest.devDependencies)
    for (const [name, version] of Object.entries(declared)) {
      // A second version of a package is declared by another name: `npm:typescript@7.0.2`.
      const exact = String(version).replace(/^npm:[^@]+@/, "")
      expect(exact, name).toMatch(/^\d+\.\d+\.\d+$/)
      expect(lock.packages[`node_modules/${name}`].version, name).toBe(exact)
    }
  })
})

describe("complete-lock", () => {
  it.each([
    ["@rollup/rollup-linux-arm64-musl", { cpu: ["arm64"], libc: ["musl"], os: ["linux"] }],
    ["@rollup/rollup-linux-arm-gnueabihf", { cpu: ["arm"], libc: ["glibc"], os: ["linux"] }],
    ["@rollup/rollup-win32-x64-gnu", { cpu: ["x64"], os: ["win32"] }],
    ["@deno/darwin-arm64", { cpu: ["arm64"], os: ["darwin"] }],
  ])("reads the platform of %s from its name", (name, platform) => {
    expect(platformOf(name)).toEqual(platform)
  })

  it("refuses a name that says no platform", () => {
    expect(() => platformOf("@made-up/fast-parser")).toThrow(/does not say which platform/)
  })

  it("adds what is missing, as a package of the same kind, and leaves what is there", () => {
    const optionalDependencies = { "@a/a-linux-x64": "1.0.0", "@a/a-darwin-x64": "1.0.0", "@a/a-win32-x64": "1.0.0" }
    const there = { version: "1.0.0", integrity: "sha512-x", optional: true }
    const packages = {
      "": { name: "made-up" },
      "node_modules/a": { version: "1.0.0", dev: true, optionalDependencies },
      "node_modules/a/node_modules/@a/a-win32-x64": there,
      "node_modules/@a/a-linux-x64": there,
      "node_modules/b": { version: "2.0.0" },
    }
    const added = { version: "1.0.0", cpu: ["x64"], dev: true, optional: true, os: ["darwin"] }
    const all = completed(packages)
    expect(all).toEqual({ ...packages, "node_modules/@a/a-darwin-x64": added })
    expect(missingPackages(all)).toEqual([])
    expect(Object.keys(all).slice(0, 3)).toEqual(["", "node_modules/@a/a-darwin-x64", "node_modules/@a/a-linux-x64"])
  })
})
