// docker-compose.yml, as far as it can be checked without a container engine.
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parse as parseYaml } from "yaml"
import { parseDockerfile } from "../deploy/image/dockerfile.ts"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

interface ComposeService {
  readonly env_file?: ReadonlyArray<{ readonly path: string; readonly required: boolean }>
  readonly entrypoint?: ReadonlyArray<string>
  readonly image: string
  readonly network_mode?: string
  readonly read_only?: boolean
  readonly cap_drop?: ReadonlyArray<string>
  readonly healthcheck?: { readonly test: ReadonlyArray<string> }
  readonly stop_grace_period?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly command?: ReadonlyArray<string>
  readonly volumes?: ReadonlyArray<string>
}

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in a value of a compose file. Throws where Docker
 * Compose would stop.
 */
const interpolate = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replace(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name: string, kind: string | undefined, rest: string) => {
    if (all === "$$") return "$"
    const value = variables[name] ?? ""
    if (value === "" && kind === "?") throw new Error(`docker compose stops: ${rest}`)
    return value === "" && kind === "-" ? rest : value
  })

describe("docker-compose.yml", () => {
  const compose = parseYaml(read("docker-compose.yml"), { merge: true }) as {
    services: Record<string, ComposeService>
    volumes: Record<string, null>
  }
  /**
   * Returns what a service finds in its environment with such a `.env`. Without any settings the file does not exist.
   */
  const environmentOf = (name: string, dotenv: Readonly<Record<string, string>>): Record<string, string> => {
    const { env_file = [], environment = {} } = compose.services[name] ?? { image: "" }
    const isThere = Object.keys(dotenv).length > 0
    if (env_file.some(({ required }) => required && !isThere)) throw new Error("docker compose stops: there is no .env")
    return {
      ...(env_file.some(({ path }) => path === ".env") ? dotenv : {}),
      ...Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, interpolate(String(value), dotenv)]),
      ),
    }
  }

  it.each(Object.entries(compose.services))("%s is confined, watched and of an exact version", (_, service) => {
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/)
    expect(service).toMatchObject({ network_mode: "host", read_only: true, cap_drop: ["ALL"] })
    expect(service.healthcheck?.test[0]).toBe("CMD")
    expect(service.stop_grace_period).toMatch(/^\d+s$/)
  })

  it("gives the product the image's health check, its volumes and its version", () => {
    const product = compose.services["distributor"]
    expect(product?.healthcheck?.test.slice(1)).toEqual(
      parseDockerfile(read("Dockerfile")).at(-1)?.meta.healthcheck?.command,
    )
    expect(product?.image).toBe(
      `stream-distributor:${(JSON.parse(read("package.json")) as { version: string }).version}`,
    )
    expect(product?.volumes).toEqual(["distributor:/data", "keys:/keys", "./deploy/files:/files:ro"])
  })

  it("gives the product every setting of the table that .env has, but for the two that the containers share", () => {
    const dotenv = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, `${name} of .env`]))
    const seen = environmentOf("distributor", dotenv)
    const shared = { DATA_DIR: "/data", METRICS_KEY_FILE: "/keys/prometheus.key" }
    expect(Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, seen[name]]))).toEqual({
      ...dotenv,
      ...shared,
    })
    expect(Object.keys(environmentOf("distributor", {})).filter((name) => !(name in SETTINGS))).toEqual([
      "GRAFANA_PASSWORD",
    ])
    // The password of another service is not passed on.
    expect(environmentOf("distributor", { GRAFANA_PASSWORD: "x" })["GRAFANA_PASSWORD"]).toBe("")
  })

  it("starts without .env, and is then open to others with a key that the first start makes", () => {
    for (const name of Object.keys(compose.services)) expect(() => environmentOf(name, {}), name).not.toThrow()
    const image = parseDockerfile(read("Dockerfile")).at(-1)?.steps ?? []
    const ofImage = Object.assign({}, ...image.map((step) => (step.op === "env" ? step.variables : {}))) as Record<
      string,
      string
    >
    expect({ ...ofImage, ...environmentOf("distributor", {}) }).toMatchObject({
      HOST: "0.0.0.0",
      FIRST_KEY_FILE: "/data/first.key",
    })
    // A volume takes its owner from the directory in the image.
    for (const path of ["/data", "/keys"])
      expect(
        image.some(
          (step) =>
            step.op === "run" &&
            step.command.includes(`install -d -o 10001 -g 10001 -m 07`) &&
            step.command.includes(` ${path}`),
        ),
        path,
      ).toBe(true)
  })

  it("has Prometheus scrape as prometheus.yml does, with the key that the product leaves for it", () => {
    const prometheus = compose.services["prometheus"]
    const file = /--config\.file=\/etc\/(\S+)/.exec((prometheus?.command ?? []).join(" "))?.[1] ?? ""
    const ours = parseYaml(read(file)) as {
      scrape_configs: ReadonlyArray<{ job_name: string; authorization?: unknown }>
    }
    const key = environmentOf("distributor", {})["METRICS_KEY_FILE"]
    expect(ours.scrape_configs.filter((job) => job.authorization !== undefined)).toMatchObject([
      { job_name: "distributor", authorization: { credentials_file: key } },
    ])
    expect(prometheus?.volumes).toContain("keys:/keys:ro")
    const scrape_configs = ours.scrape_configs.map(({ authorization: _, ...job }) => job)
    expect({ ...ours, scrape_configs }).toEqual(parseYaml(read("prometheus/prometheus.yml")))
  })

  describe("Grafana's first start", () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "grafana-"))
      writeFileSync(
        join(folder, "run.sh"),
        '#!/bin/sh\necho "password=$(printenv GF_SECURITY_ADMIN_PASSWORD || echo unset)"\n',
        {
          mode: 0o755,
        },
      )
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))
    /** Runs the entrypoint with its volume in `folder`, and returns what it says. */
    const start = (password: string): string => {
      const [shell = "", ...words] = compose.services["grafana"]?.entrypoint ?? []
      const here = words.map((word) =>
        word.replaceAll("$$", "$").replaceAll("/var/lib/grafana", folder).replace("/run.sh", join(folder, "run.sh")),
      )
      const env = { PATH: process.env["PATH"] ?? "", GF_SECURITY_ADMIN_PASSWORD: password }
      return execFileSync(shell, here, { env, encoding: "utf8" })
    }
    const file = () => join(folder, "admin.password")

    it("makes a password, for its owner alone, says it once and keeps it", () => {
      const first = start("")
      const password = readFileSync(file(), "utf8").trim()
      expect(password).toMatch(/^[A-Za-z0-9+/]{24}$/)
      expect(statSync(file()).mode & 0o777).toBe(0o600)
      expect(first).toMatch(/^First start: /)
      expect(first.split(password).length).toBe(3)
      expect(start("")).toBe(`password=${password}\n`)
    })

    it("takes the one of .env, and makes none for a Grafana that has one", () => {
      expect(start("mine")).toBe("password=mine\n")
      expect(existsSync(file())).toBe(false)
      writeFileSync(join(folder, "grafana.db"), "")
      expect(start("")).toBe("password=unset\n")
    })
  })

  it("lets nothing but the product listen on other addresses than loopback", () => {
    for (const [name, { command = [], environment = {} }] of Object.entries(compose.services).filter(
      ([name]) => name !== "distributor",
    )) {
      const listens =
        command.find((word) => word.startsWith("--web.listen-address=")) ?? environment["GF_SERVER_HTTP_ADDR"]
      expect(listens, name).toContain("127.0.0.1")
    }
  })

  it("mounts named volumes and folders of the checkout", () => {
    const sources = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(":")[0] ?? ""),
    )
    const named = sources.filter((source) => !/^[./]/.test(source))
    expect(named.filter((name) => !(name in compose.volumes))).toEqual([])
    const top = sources.filter(
      (source) => source.startsWith("./") && existsSync(join(root, source.split("/")[1] ?? "")),
    )
    expect(top.filter((source) => !existsSync(join(root, source)))).toEqual([])
  })
})
