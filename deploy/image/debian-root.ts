/** A clean Debian root, as the base image is one: debootstrap from the mirrors that this machine is set up for. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Debian 12. */
const SUITE = "bookworm"

interface Source {
  readonly uri: string
  readonly suites: ReadonlyArray<string>
}

/** `deb [options] URI SUITE COMPONENT...` */
const oneLineSources = (text: string): ReadonlyArray<Source> =>
  [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)].map(([, uri = "", suite = ""]) => ({
    uri,
    suites: [suite],
  }))

/** Stanzas of `*.sources` files. */
const stanzaSources = (text: string): ReadonlyArray<Source> =>
  text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.+)$`, "m").exec(stanza)?.[1]?.trim().split(/\s+/) ?? []
    return field("Types").includes("deb") ? field("URIs").map((uri) => ({ uri, suites: field("Suites") })) : []
  })

const configuredSources = (): ReadonlyArray<Source> => {
  const folder = "/etc/apt/sources.list.d"
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const text = readFileSync(file, "utf8")
      return file.endsWith(".sources") ? stanzaSources(text) : file.endsWith(".list") ? oneLineSources(text) : []
    })
    .map(({ uri, suites }) => ({
      uri,
      suites: suites.filter((suite) => suite === SUITE || suite.startsWith(`${SUITE}-`)),
    }))
    .filter(({ suites }) => suites.length > 0)
}

/** How this machine reaches its mirrors: proxies, and dates of frozen copies. */
const transport = (): string =>
  execFileSync("apt-config", ["dump"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => /^Acquire::(?:https?::|Check-Valid-Until|Check-Date)/i.test(line))
    .join("\n")

/** Makes the root in `folder` unless it is there; about half a minute. */
export const debianRoot = (folder: string): void => {
  if (existsSync(join(folder, ".complete"))) return
  const sources = configuredSources()
  const mirror = sources.find(({ suites }) => suites.includes(SUITE))?.uri
  if (mirror === undefined) throw new Error(`/etc/apt names no mirror with ${SUITE}: debootstrap needs one`)
  mkdirSync(folder, { recursive: true })
  execFileSync("debootstrap", ["--variant=minbase", SUITE, folder, mirror], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 900_000,
  })
  const lines = sources.flatMap(({ suites, uri }) => suites.map((suite) => `deb ${uri} ${suite} main\n`))
  writeFileSync(join(folder, "etc/apt/sources.list"), lines.join(""))
  writeFileSync(join(folder, "etc/apt/apt.conf.d/90transport"), `${transport()}\n`)
  writeFileSync(join(folder, ".complete"), "")
}

/** `debian:12.15-slim` of the root's point release: what the Dockerfile must name for the root to be its base. */
export const imageTag = (folder: string): string =>
  `debian:${readFileSync(join(folder, "etc/debian_version"), "utf8").trim()}-slim`
