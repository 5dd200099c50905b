// Image and manifests, as far as they can be checked without a container engine or a cluster.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { contextFiles, contextFilter } from "../deploy/image/build-context.ts"
import { parseDockerfile } from "../deploy/image/dockerfile.ts"
import { serviceEnvironment } from "../scripts/service-environment.mjs"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
/** Variables that the runtime and its libraries read, and the product does not. */
const OF_THE_RUNTIME = ["NODE_ENV", "BUN_RUNTIME_TRANSPILER_CACHE_PATH", ...Object.keys(serviceEnvironment)]
const unknownSettings = (names: ReadonlyArray<string>) =>
  names.filter((name) => !(name in SETTINGS) && !OF_THE_RUNTIME.includes(name))

describe("Dockerfile", () => {
  const stages = parseDockerfile(read("Dockerfile"))
  const image = stages.at(-1)
  const env = Object.assign(
    {},
    ...(image?.steps ?? []).map((step) => (step.op === "env" ? step.variables : {})),
  ) as Record<string, string>

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
    [
      "a shell-form entrypoint",
      "FROM debian:12.15-slim\nENTRYPOINT bun main.ts",
      /Dockerfile:2: ENTRYPOINT: must have the exec form/,
    ],
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
    const [stage] = parseDockerfile(
      "# x\nFROM debian:12.15-slim AS one\nRUN a \\\n # why\n && b\nCOPY --from=zero /a /b\nENV A=1 B=\n",
    )
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
      expect.arrayContaining([
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        "LICENSE",
        "scripts/build-core.mjs",
      ]),
    )
    expect(files.filter((path) => /\.(db|key|pem)$|\.env/.test(path))).toEqual([])
  })

  it("has every module of the command line in its context, and copies it", () => {
    const modules = ["scripts/distributor.mjs"]
    // The list grows by what its members import.
    for (const path of modules)
      for (const [, name] of read(path).matchAll(/ from "\.\/([\w-]+\.mjs)"/g)) modules.push(`scripts/${name}`)
    expect(modules).toContain("scripts/service-client.mjs")
    expect(modules.filter((path) => !contextFilter(read(".dockerignore"))(path))).toEqual([])
    expect(modules.filter((path) => !read("deploy/assemble.mjs").includes(`"${path}"`))).toEqual([])
  })
})

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  // biome-ignore lint/suspicious/noExplicitAny: the shape differs by kind, and the tests name what they look at
  readonly spec?: any
}

describe("commands of the pages", () => {
  it("give a container no variable that was never set", () => {
    // `-e NAME` without a value passes on what the shell has, which may be nothing.
    const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))
    expect(
      pages.flatMap((name) =>
        [...read(`docs/${name}`).matchAll(/^.*(?:-e|--env) [A-Z_]+(?=[\s\\]).*$/gm)].map(([line]) => line),
      ),
    ).toEqual([])
  })
})

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
    for (const { kind, metadata } of documents)
      if (kind !== "Namespace") expect(metadata.namespace).toBe("stream-distributor")
  })

  it("selectors find the pod, by the port's name", () => {
    const labels = pod.metadata.labels
    const set = documents.find(({ kind }) => kind === "StatefulSet")
    const service = documents.find(({ kind }) => kind === "Service")
    const monitor = documents.find(({ kind }) => kind === "PodMonitor")
    for (const selector of [
      set?.spec.selector.matchLabels,
      service?.spec.selector,
      monitor?.spec.selector.matchLabels,
    ]) {
      expect(labels).toMatchObject(selector)
    }
    expect(set?.spec).toMatchObject({ replicas: 1, serviceName: service?.metadata.name })
    expect(container.ports.map(({ name }: { name: string }) => name)).toEqual([service?.spec.ports[0].targetPort])
    expect(monitor?.spec.podMetricsEndpoints[0]).toMatchObject({ port: container.ports[0].name, path: "/metrics" })
  })

  it("has the node's network and names, and one pod a node", () => {
    expect(pod.spec).toMatchObject({
      hostNetwork: true,
      dnsPolicy: "ClusterFirstWithHostNet",
      automountServiceAccountToken: false,
    })
    expect(pod.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey).toBe(
      "kubernetes.io/hostname",
    )
    expect(container.ports[0].hostPort).toBe(container.ports[0].containerPort)
  })

  it("probes paths that are served without a key", () => {
    const roles = read("src/http/access/roles.ts")
    const free = /looks\("free",([^)]*)\)/.exec(roles)?.[1] ?? ""
    const paths = ["livenessProbe", "readinessProbe", "startupProbe"].map((probe) => container[probe].httpGet.path)
    expect(paths).toEqual(["/livez", "/readyz", "/livez"])
    for (const path of paths) expect(free).toContain(`"${path}"`)
  })

  it("is confined as the image is, with settings that there are", () => {
    const { gid, uid } = parseDockerfile(read("Dockerfile"))
      .at(-1)
      ?.steps.find((step) => step.op === "user") ?? { gid: 0, uid: 0 }
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
    })
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
