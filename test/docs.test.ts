// Commands of the pages that cannot be run here (docker, kubectl, systemctl, sudo): checks that whatever they name
// exists. test/e2e/docs.test.ts runs the other commands.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parseAllDocuments, parse as parseYaml } from "yaml"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"
import { RULES } from "../src/http/access/roles.ts"
import { blocksOf, commandsOf } from "./e2e/docs-blocks.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const PAGES = [
  "README",
  "docs/quick-start",
  "docs/deployment",
  "docs/examples",
  "docs/troubleshooting",
  "docs/upgrade",
  "docs/backup",
  "docs/dashboards",
].map((name) => `${name}.md`)
const TOP = new Set(readdirSync(root))
const compose = parseYaml(read("docker-compose.yml"), { merge: true }) as { services: Record<string, unknown> }
/** Variables that the compose file itself takes from `.env`. */
const OF_COMPOSE = new Set([...read("docker-compose.yml").matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name = ""]) => name))
const manifests = parseAllDocuments(read("deploy/kubernetes/stream-distributor.yaml")).map(
  (document) => document.toJS() as { kind: string; metadata: { name: string } },
)
const installer = read("deploy/systemd/install.sh")

/**
 * Checks of commands by program. Each returns what is wrong with the words of a command, or null when nothing is, or
 * when the program is not ours to check.
 */
const PROGRAMS: Readonly<Record<string, (words: ReadonlyArray<string>) => string | null>> = {
  docker: ([sub, ...rest]) => {
    if (sub !== "compose") return sub === "build" || sub === "run" ? null : `docker ${sub}`
    const [action, ...names] = rest
    if (!["up", "logs", "build", "down", "ps", "exec"].includes(action ?? "")) return `docker compose ${action}`
    const services = action === "exec" ? names.slice(0, 1) : names
    const unknown = services.filter((word) => !word.startsWith("-") && !(word in compose.services))
    return unknown.length === 0 ? null : `no service ${unknown}`
  },
  kubectl: (words) => {
    const named = words.find((word) => /^\w+\/[\w-]+$/.test(word) && !word.includes("."))
    if (named === undefined) return words[0] === "apply" ? null : "names nothing"
    const [kind, name] = named.split("/")
    return manifests.some((m) => m.kind.toLowerCase() === kind && m.metadata.name === name) ? null : `no ${named}`
  },
  systemctl: (words) => (words.at(-1) === "stream-distributor" ? null : "another unit"),
  journalctl: (words) => (words.includes("stream-distributor") ? null : "another unit"),
  // Installed beside the service. Commands of it that change what is on air are not tried.
  distributor: ([command = ""]) =>
    new RegExp(`^  "?${command}"?: async`, "m").test(read("scripts/distributor.mjs")) ? null : `no command ${command}`,
  "deploy/systemd/install.sh": (words) => words.find((word) => !installer.includes(`${word})`)) ?? null,
  "apt-get": (words) =>
    words
      .filter((w) => !w.startsWith("-") && w !== "install")
      .find((name) => !/^(libsrt1\.5-openssl|ffmpeg)$/.test(name)) ?? null,
  npm: ([run, name = ""]) =>
    run === "run" && name in (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts
      ? null
      : "no such script",
  // Requests that would lock the following pages out of the service. The path and the body are checked instead.
  curl: (words) => {
    const path = /^https:\/\/distributor\.example\.com(\/api\/\w+)$/.exec(words[0] ?? "")?.[1]
    if (path === undefined || RULES.every((rule) => rule.path !== path || rule.method !== "POST")) return "run it here"
    JSON.parse(/-d '(.*)'$/.exec(words.join(" "))?.[1] ?? "")
    return null
  },
  ...Object.fromEntries(
    ["cp", "echo", "ffplay", "ufw", "tcpdump", "sysctl", "git", "rsync", "pg_dump", "rm", "cd", "install"].map(
      (name) => [name, () => null],
    ),
  ),
}

/** Returns a path of the checkout that a command names and that does not exist. */
const missingPath = (words: ReadonlyArray<string>): string | undefined =>
  words.find((word) => /^[\w.-]+\//.test(word) && TOP.has(word.split("/")[0] ?? "") && !existsSync(join(root, word)))

const withoutSudo = (words: ReadonlyArray<string>) => (words[0] === "sudo" ? words.slice(1) : words)

describe.each(PAGES)("%s", (page) => {
  const blocks = blocksOf(join(root, page))

  it("marks what cannot be run here, and nothing of it names what does not exist", () => {
    for (const block of blocks.filter(({ flags, language }) => language === "sh" && flags.has("elsewhere"))) {
      for (const command of commandsOf(block)) {
        const where = `${page}:${block.line}: ${command}`
        const [program = "", ...words] = withoutSudo(command.split(/\s+/))
        const check = PROGRAMS[program]
        expect(check, `${where}: can this be run? Then take "elsewhere" off`).toBeDefined()
        expect(check?.(words) ?? null, where).toBeNull()
        expect(missingPath([program, ...words]), where).toBeUndefined()
        for (const [, name = ""] of command.matchAll(/(?:-e |^echo "?)([A-Z_]+)/g)) {
          expect(name in SETTINGS || read("docker-compose.yml").includes(name), `${where}: ${name}`).toBe(true)
        }
      }
    }
  })

  it("runs docker, kubectl, systemctl and sudo nowhere else", () => {
    const run = blocks.filter(({ flags, language }) => language === "sh" && !flags.has("elsewhere")).flatMap(commandsOf)
    expect(run.filter((command) => /^(sudo|docker|kubectl|systemctl|journalctl)\b/.test(command))).toEqual([])
  })

  it("links to pages and sections that exist", () => {
    const text = read(page)
    const broken = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target)
    expect(broken.filter((target) => !existsSync(resolve(root, dirname(page), target)))).toEqual([])
  })

  it("names settings of the environment that there are", () => {
    const named = [...read(page).matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`/g)].map(([, name = ""]) => name)
    expect(named.filter((name) => !(name in SETTINGS) && !OF_COMPOSE.has(name))).toEqual([])
  })
})

describe("docs/pages.md", () => {
  it("shows a picture of every page, which has a dark twin", () => {
    const pictures = [...read("docs/pages.md").matchAll(/\]\((screenshots\/[\w-]+)-light\.png\)/g)].map(
      ([, name]) => name ?? "",
    )
    expect(pictures.length).toBeGreaterThan(10)
    const missing = pictures
      .flatMap((name) => [`docs/${name}-light.png`, `docs/${name}-dark.png`])
      .filter((file) => !existsSync(join(root, file)))
    expect(missing).toEqual([])
    // No picture is left over from a page that no longer exists.
    expect(readdirSync(join(root, "docs/screenshots")).length).toBe(2 * pictures.length)
  })
})

describe("ARCHITECTURE.md", () => {
  const page = read("ARCHITECTURE.md")
  const foldersIn = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "testing")
      .filter((entry) => readdirSync(join(root, path, entry.name)).length > 0)
      .map(({ name }) => name)

  it.each(["src", "src/core", "src/core/assembly", "src/engine", "src/effects", "src/http"])(
    "its tables name every folder of %s",
    (path) => {
      const rows = page.split("\n").filter((line) => line.startsWith("|"))
      const named = new Set(
        rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text.split("/").pop())),
      )
      expect(foldersIn(path).length).toBeGreaterThan(0)
      expect(foldersIn(path).filter((name) => !named.has(name))).toEqual([])
    },
  )
})
