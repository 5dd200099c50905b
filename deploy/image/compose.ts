/**
 * Brings docker-compose.yml up with podman-compose: the product's image as it was built, and monitoring from Debian's
 * packages in the place of the images that the file names, which this machine may not be able to fetch.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parse, stringify } from "yaml"
import { expectThat, until } from "./expect.ts"
import { IMAGE, limits, type Podman } from "./podman.ts"
import { ready } from "./the-service.ts"

const MONITORING = "stream-distributor-monitoring:tested"
/** Services that Debian has a package for, with the program. */
const PROGRAMS: Readonly<Record<string, string>> = {
  prometheus: "/usr/bin/prometheus",
  alertmanager: "/usr/bin/prometheus-alertmanager",
  "node-exporter": "/usr/bin/prometheus-node-exporter",
}
/** Directories of the images whose owner matters: a new volume takes it over. */
const DOCKERFILE = (base: string) => `FROM ${base}
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus prometheus-alertmanager prometheus-node-exporter \\
 && install -d -o 65534 -g 65534 /prometheus /alertmanager
`
const UP_MS = 120_000
const PROMETHEUS = "http://127.0.0.1:9090/api/v1"
const JOBS = ["alertmanager", "distributor", "node", "prometheus"]

type Service = Readonly<Record<string, unknown>>
interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}

/** Why podman-compose cannot be used here; null when it can. */
export const composeMissing = (): string | null =>
  spawnSync("podman-compose", ["--help"]).status === 0 ? null : "not installed: apt-get install podman-compose"

export const buildMonitoring = (podman: Podman, work: string, base: string): void => {
  const folder = join(work, "podman", "monitoring")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "Dockerfile"), DOCKERFILE(base))
  podman.build(MONITORING, join(folder, "Dockerfile"), folder)
}

/**
 * The file as podman-compose 1.0.3 of Debian 12 takes it on this machine: `.env` is not there and its optional form not
 * known; limits and shares are what this machine allows.
 */
const adapted = (
  root: string,
  text: string,
): { readonly file: ComposeFile; readonly leftOut: ReadonlyArray<string> } => {
  const { services, volumes } = parse(text, { merge: true }) as ComposeFile
  const leftOut: string[] = []
  const kept: Record<string, Service> = {}
  for (const [name, service] of Object.entries(services)) {
    const program = PROGRAMS[name]
    if (name !== "distributor" && program === undefined) {
      leftOut.push(name)
      continue
    }
    const {
      build: _build,
      cpu_shares: _shares,
      depends_on: _after,
      env_file: _env,
      ulimits: _limits,
      ...rest
    } = service
    kept[name] =
      program === undefined
        ? { ...rest, image: IMAGE }
        : { ...rest, image: MONITORING, command: [program, ...((service["command"] ?? []) as ReadonlyArray<string>)] }
  }
  const absolute = (service: Service): Service => ({
    ...service,
    volumes: ((service["volumes"] ?? []) as ReadonlyArray<string>).map((one) => one.replace(/^\.\//, `${root}/`)),
  })
  return {
    file: { services: Object.fromEntries(Object.entries(kept).map(([name, one]) => [name, absolute(one)])), volumes },
    leftOut,
  }
}

const asked = async <T>(path: string): Promise<T> => {
  const answer = await fetch(`${PROMETHEUS}${path}`)
  return ((await answer.json()) as { readonly data: T }).data
}

interface Targets {
  readonly activeTargets: ReadonlyArray<{ readonly health: string; readonly labels: { readonly job: string } }>
}
interface Rules {
  readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<{ readonly lastError?: string }> }>
}

/** Throws at the first thing that does not hold. */
export const checkCompose = async (podman: Podman, root: string, work: string): Promise<void> => {
  const { file, leftOut } = adapted(root, readFileSync(join(root, "docker-compose.yml"), "utf8"))
  const path = join(work, "podman", "compose.yml")
  writeFileSync(path, stringify(file))
  const compose = (...args: ReadonlyArray<string>) =>
    spawnSync(
      "podman-compose",
      [
        ...["--file", path, "--project-name", "tested", "--podman-path", podman.program()],
        `--podman-run-args=${[...limits(), ...podman.groupArguments()].join(" ")}`,
        ...args,
      ],
      { encoding: "utf8", timeout: UP_MS },
    )
  try {
    const up = compose("up", "--detach")
    // It ends with 0 whatever became of the services.
    const running = podman.told(["ps", "--format", "{{.Names}}"]).split("\n").length
    const all = Object.keys(file.services)
    expectThat(`podman-compose starts ${all.join(", ")}`, running === all.length, `${up.stdout}${up.stderr}`)
    await ready()
    await until("Prometheus reaches all of its targets", async () => {
      const { activeTargets } = await asked<Targets>("/targets")
      const reached = activeTargets.filter(({ health }) => health === "up").map(({ labels }) => labels.job)
      return reached.sort().join() === JOBS.join() ? true : null
    })
    expectThat("Prometheus reaches the product by the key in the volume that both have", true)
    const { groups } = await asked<Rules>("/rules")
    const rules = groups.flatMap((group) => group.rules)
    const broken = rules.filter(({ lastError }) => (lastError ?? "") !== "")
    expectThat(`${rules.length} rules are loaded`, rules.length > 0 && broken.length === 0, broken)
    const { activeAlertmanagers } = await asked<{ readonly activeAlertmanagers: ReadonlyArray<unknown> }>(
      "/alertmanagers",
    )
    expectThat("Prometheus has its Alertmanager", activeAlertmanagers.length === 1, activeAlertmanagers)
    process.stdout.write(`left out, as Debian has no package: ${leftOut.join(", ")}\n`)
  } catch (cause) {
    for (const service of Object.keys(file.services)) process.stdout.write(compose("logs", service).stdout.slice(-3000))
    throw cause
  } finally {
    compose("down")
  }
}
