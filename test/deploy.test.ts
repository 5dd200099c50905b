// Image, compose file and manifests: what can be held without a container engine or a cluster.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parseAllDocuments, parse as parseYaml } from "yaml"
import { contextFiles, contextFilter } from "../deploy/image/build-context.ts"
import { parseDockerfile } from "../deploy/image/dockerfile.ts"
import { serviceEnvironment } from "../scripts/service-environment.mjs"
import { SETTINGS } from "../src/effects/AppConfig.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
/** Read by the runtime and its libraries, not by us. */
const OF_THE_RUNTIME = ["NODE_ENV", "BUN_RUNTIME_TRANSPILER_CACHE_PATH", ...Object.keys(serviceEnvironment)]
const unknownSettings = (names: ReadonlyArray<string>) => names.filter((name) => !(name in SETTINGS) && !OF_THE_RUNTIME.includes(name))

describe("Dockerfile", () => {
  const stages = parseDockerfile(read("Dockerfile"))
  const image = stages.at(-1)
  const env = Object.assign({}, ...(image?.steps ?? []).map((step) => (step.op === "env" ? step.variables : {}))) as Record<string, string>

  it("has two stages on one Debian of an exact version", () => {
    expect(stages.map(({ base }) => base)).toEqual([stages[0]?.base, stages[0]?.base])
    expect(stages[0]?.base).toMatch(/^debian:12\.\d+-slim$/)
  })

  it("runs as somebody, with the data in /data alone, and stops by the signal the product waits for", () => {
    const users = image?.steps.filter((step) => step.op === "user")
    expect(users).toEqual([{ op: "user", uid: 10001, gid: 10001 }])
    expect(image?.meta).toMatchObject({ volumes: ["/data"], ports: ["8000/tcp"], stopSignal: "SIGTERM" })
    expect(env["DATA_DIR"]).toBe("/data")
  })

  it("starts what npm start ends in, with its settings and without its set-up", () => {
    expect(read("scripts/start.mjs")).toContain('join(root, "src", "main.ts")')
    expect(image?.meta.entrypoint).toEqual(["/app/bin/bun", "/app/src/main.ts"])
    expect(env).toMatchObject(serviceEnvironment)
    expect(unknownSettings(Object.keys(env))).toEqual([])
    expect(image?.meta.healthcheck?.command).toEqual(["/app/bin/bun", "/app/scripts/distributor.mjs", "health"])
  })

  it.each<[string, string, RegExp]>([
    ["an unknown instruction", "FROM debian:12.15-slim\nADD a b", /Dockerfile:2: ADD/],
    ["a tag that moves", "FROM debian:latest", /no image with an exact tag/],
    ["no tag", "FROM debian", /exact tag/],
    ["a shell-form entrypoint", "FROM debian:12.15-slim\nENTRYPOINT bun main.ts", /Dockerfile:2: ENTRYPOINT: must have the exec form/],
    ["a user by name", "FROM debian:12.15-slim\nUSER distributor", /must be numbers/],
    ["options of COPY", "FROM debian:12.15-slim\nCOPY --chown=1:1 a b", /--chown/],
    ["a wildcard", "FROM debian:12.15-slim\nCOPY *.json /x/", /plain paths/],
    ["quotes in ENV", 'FROM debian:12.15-slim\nENV A="b c"', /ENV/],
    ["a line before FROM", "RUN true\nFROM debian:12.15-slim", /before the first FROM/],
    ["a line that goes on", "FROM debian:12.15-slim\nRUN true \\", /continued/],
  ])("its reader refuses %s", (_, text, message) => {
    expect(() => parseDockerfile(text)).toThrow(message)
  })

  it("its reader joins lines, and drops comments between them", () => {
    const [stage] = parseDockerfile("# x\nFROM debian:12.15-slim AS one\nRUN a \\\n # why\n && b\nCOPY --from=zero /a /b\nENV A=1 B=\n")
    expect(stage).toMatchObject({ base: "debian:12.15-slim", name: "one" })
    expect(stage?.steps).toEqual([
      { op: "run", command: "a && b" },
      { op: "copy", from: "zero", sources: ["/a"], target: "/b" },
      { op: "env", variables: { A: "1", B: "" } },
    ])
  })

  it.each<[string, boolean]>([
    ["src/main.ts", true],
    ["src/core/assembly/index.ts", true],
    ["views/assets/base.css", true],
    ["deploy/assemble.mjs", true],
    ["src/main.test.ts", false],
    ["src/http/testing/real-app.ts", false],
    ["deploy/image/main.ts", false],
    [".env", false],
    ["src/.env", false],
    ["config/secret.key", false],
    ["node_modules/bun/package.json", false],
    ["scripts/setup.mjs", false],
  ])("%s is in its context: %s", (path, included) => {
    expect(contextFilter(read(".dockerignore"))(path)).toBe(included)
  })

  it("finds all that it copies in its context", () => {
    const files = contextFiles(root)
    expect(files).toEqual(
      expect.arrayContaining(["package.json", "package-lock.json", "tsconfig.json", "LICENSE", "scripts/build-core.mjs"]),
    )
    expect(files.filter((path) => /\.(db|key|pem)$|\.env/.test(path))).toEqual([])
  })
})

interface ComposeService {
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

describe("docker-compose.yml", () => {
  const compose = parseYaml(read("docker-compose.yml"), { merge: true }) as {
    services: Record<string, ComposeService>
    volumes: Record<string, null>
  }

  it.each(Object.entries(compose.services))("%s is confined, watched and of an exact version", (_, service) => {
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/)
    expect(service).toMatchObject({ network_mode: "host", read_only: true, cap_drop: ["ALL"] })
    expect(service.healthcheck?.test[0]).toBe("CMD")
    expect(service.stop_grace_period).toMatch(/^\d+s$/)
  })

  it("gives the product settings that there are, and the image's health check", () => {
    const product = compose.services["distributor"]
    expect(unknownSettings(Object.keys(product?.environment ?? {}))).toEqual([])
    expect(product?.healthcheck?.test.slice(1)).toEqual(parseDockerfile(read("Dockerfile")).at(-1)?.meta.healthcheck?.command)
    expect(product?.image).toBe(`stream-distributor:${(JSON.parse(read("package.json")) as { version: string }).version}`)
    expect(product?.volumes).toEqual(["distributor:/data"])
  })

  it("lets nothing but the product listen on other addresses than loopback", () => {
    for (const [name, { command = [], environment = {} }] of Object.entries(compose.services).filter(([name]) => name !== "distributor")) {
      const listens = command.find((word) => word.startsWith("--web.listen-address=")) ?? environment["GF_SERVER_HTTP_ADDR"]
      expect(listens, name).toContain("127.0.0.1")
    }
    expect(compose.services["distributor"]?.environment?.["HOST"]).toMatch(/:-127\.0\.0\.1\}$/)
  })

  it("mounts named volumes and folders of the checkout", () => {
    const sources = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
    const named = sources.filter((source) => !/^[./]/.test(source))
    expect(named.filter((name) => !(name in compose.volumes))).toEqual([])
    const top = sources.filter((source) => source.startsWith("./") && existsSync(join(root, source.split("/")[1] ?? "")))
    expect(top.filter((source) => !existsSync(join(root, source)))).toEqual([])
  })
})

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  // biome-ignore lint/suspicious/noExplicitAny: the shape differs by kind, and the tests name what they look at
  readonly spec?: any
}

describe("deploy/kubernetes", () => {
  const documents = ["stream-distributor.yaml", "monitoring.yaml"].flatMap((name) =>
    parseAllDocuments(read(`deploy/kubernetes/${name}`)).map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS() as Manifest
    }),
  )
  const pod = documents.find(({ kind }) => kind === "StatefulSet")?.spec.template
  const container = pod?.spec.containers[0]

  it("has what it takes, in one namespace", () => {
    expect(documents.map(({ kind }) => kind)).toEqual(["Namespace", "Secret", "Service", "StatefulSet", "PodMonitor"])
    for (const { kind, metadata } of documents) if (kind !== "Namespace") expect(metadata.namespace).toBe("stream-distributor")
  })

  it("selectors find the pod, by the port's name", () => {
    const labels = pod.metadata.labels
    const set = documents.find(({ kind }) => kind === "StatefulSet")
    const service = documents.find(({ kind }) => kind === "Service")
    const monitor = documents.find(({ kind }) => kind === "PodMonitor")
    for (const selector of [set?.spec.selector.matchLabels, service?.spec.selector, monitor?.spec.selector.matchLabels]) {
      expect(labels).toMatchObject(selector)
    }
    expect(set?.spec).toMatchObject({ replicas: 1, serviceName: service?.metadata.name })
    expect(container.ports.map(({ name }: { name: string }) => name)).toEqual([service?.spec.ports[0].targetPort])
    expect(monitor?.spec.podMetricsEndpoints[0]).toMatchObject({ port: container.ports[0].name, path: "/metrics" })
  })

  it("has the node's network and names, and one pod a node", () => {
    expect(pod.spec).toMatchObject({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet", automountServiceAccountToken: false })
    expect(pod.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey).toBe("kubernetes.io/hostname")
    expect(container.ports[0].hostPort).toBe(container.ports[0].containerPort)
  })

  it("probes paths that are served without a key", () => {
    const roles = read("src/http/roles.ts")
    const free = /looks\("free",([^)]*)\)/.exec(roles)?.[1] ?? ""
    const paths = ["livenessProbe", "readinessProbe", "startupProbe"].map((probe) => container[probe].httpGet.path)
    expect(paths).toEqual(["/livez", "/readyz", "/livez"])
    for (const path of paths) expect(free).toContain(`"${path}"`)
  })

  it("is confined as the image is, with settings that there are", () => {
    const { gid, uid } = parseDockerfile(read("Dockerfile"))
      .at(-1)
      ?.steps.find((step) => step.op === "user") ?? { gid: 0, uid: 0 }
    expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: uid, runAsGroup: gid, fsGroup: gid })
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    })
    expect(unknownSettings(container.env.map(({ name }: { name: string }) => name))).toEqual([])
    expect(container.resources.limits).toEqual(container.resources.requests)
    expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(["/data", "/tmp"])
  })
})
