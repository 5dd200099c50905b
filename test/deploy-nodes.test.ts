// Examples of two nodes, as far as they can be checked without machines.
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"

interface Service {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly profiles?: ReadonlyArray<string>
  readonly network_mode?: string
  readonly stop_grace_period?: string
}

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8")
const compose = parse(read("deploy/nodes/compose.yml")) as {
  readonly services: Readonly<Record<"distributor" | "postgres", Service>>
}

it("a node has every setting that nodes need, each of them known, and none that two could have in common by accident", () => {
  const { environment, image, network_mode } = compose.services.distributor
  expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([])
  expect(environment).toMatchObject({ NODES: "on", KEY_FILE: "/keys/secret.key" })
  for (const name of ["NODE_NAME", "NODE_ADDRESS", "DATABASE_URL", "API_KEY"])
    expect(environment[name]).toMatch(new RegExp(`^\\$\\{${name}:\\?.+\\}$`))
  expect(read("docker-compose.yml")).toContain(`image: ${image}\n`)
  expect(network_mode).toBe("host")
})

it("the database starts where it is asked for, and has an exact version", () => {
  expect(compose.services.postgres).toMatchObject({
    profiles: ["database"],
    image: expect.stringMatching(/^postgres:\d+\.\d+$/),
  })
})

describe("deploy/kubernetes/nodes.yaml", () => {
  interface Variable {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } }
  }
  // Manifests are as they are: each test looks at what it is about.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  type Manifest = any
  const manifests = (name: string): ReadonlyArray<Manifest> =>
    parseAllDocuments(read(`deploy/kubernetes/${name}`)).map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS() as Manifest
    })
  const documents = manifests("nodes.yaml")
  const named = (kind: string, name: string): Manifest =>
    documents.find((one) => one.kind === kind && one.metadata.name === name)
  const sets = ["a", "b"].map((letter) => named("StatefulSet", `stream-distributor-${letter}`))
  const envOf = (set: Manifest): ReadonlyArray<Variable> => set.spec.template.spec.containers[0].env
  const valueIn = (set: Manifest, name: string) => envOf(set).find((one) => one.name === name)?.value
  /** Everything that a node has of its own, made equal. */
  const plain = (set: Manifest) => {
    const text = JSON.stringify({ ...set, spec: { ...set.spec, template: { ...set.spec.template } } })
    const letter = valueIn(set, "NODE_NAME")
    return text
      .replaceAll(`stream-distributor-${letter}`, "stream-distributor-x")
      .replaceAll(`"app.kubernetes.io/instance":"${letter}"`, `"app.kubernetes.io/instance":"x"`)
      .replaceAll(`media-node-${letter}`, "media-node-x")
      .replaceAll(`{"name":"NODE_NAME","value":"${letter}"}`, `{"name":"NODE_NAME","value":"x"}`)
  }

  it("has two nodes that differ in name and machine alone, and are run as the single one is", () => {
    expect(sets.map((set) => valueIn(set, "NODE_NAME"))).toEqual(["a", "b"])
    const [first, second] = sets.map(plain)
    expect(first).toBe(second)
    const [single] = manifests("stream-distributor.yaml").filter(({ kind }) => kind === "StatefulSet")
    const ours = sets[0].spec.template.spec
    const theirs = single.spec.template.spec
    for (const part of ["hostNetwork", "dnsPolicy", "affinity", "securityContext", "nodeSelector"])
      expect(ours[part], part).toEqual(theirs[part])
    for (const part of ["image", "ports", "livenessProbe", "readinessProbe", "startupProbe", "securityContext"])
      expect(ours.containers[0][part], part).toEqual(theirs.containers[0][part])
    expect(ours.terminationGracePeriodSeconds).toBeGreaterThan(theirs.terminationGracePeriodSeconds)
  })

  it("gives each what nodes need: one key, one database, and the address of its machine", () => {
    const env = envOf(sets[0])
    const own = ["NODE_IP", "POSTGRES_PASSWORD"]
    expect(env.map(({ name }) => name).filter((name) => !(name in SETTINGS) && !own.includes(name))).toEqual([])
    expect(valueIn(sets[0], "NODES")).toBe("on")
    // Kubernetes puts in only what stands before.
    const place = (name: string) => env.findIndex((one) => one.name === name)
    expect(valueIn(sets[0], "NODE_ADDRESS")).toBe("http://$(NODE_IP):8000")
    expect(place("NODE_IP")).toBeLessThan(place("NODE_ADDRESS"))
    expect(env[place("NODE_IP")]).toMatchObject({ valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } })
    expect(place("POSTGRES_PASSWORD")).toBeLessThan(place("DATABASE_URL"))
    const { hostname, port, username } = new URL(valueIn(sets[0], "DATABASE_URL") ?? "")
    expect([hostname, port]).toEqual([
      named("Service", "postgres").metadata.name,
      `${named("Service", "postgres").spec.ports[0].port}`,
    ])
    const postgres = named("StatefulSet", "postgres").spec.template.spec.containers[0]
    expect(postgres.env).toContainEqual({ name: "POSTGRES_USER", value: username })
    expect(postgres.image).toBe(compose.services.postgres.image)
    const keyFile = valueIn(sets[0], "KEY_FILE") ?? ""
    const { containers, volumes } = sets[0].spec.template.spec
    const keys = volumes.find(({ name }: Manifest) => name === "keys").secret
    expect(containers[0].volumeMounts).toContainEqual({ name: "keys", mountPath: "/keys", readOnly: true })
    expect(`/keys/${keys.items[0].path}`).toBe(keyFile)
    // The key file's group reads it, nobody else.
    expect([keys.defaultMode, sets[0].spec.template.spec.securityContext.fsGroup]).toEqual([0o440, 10001])
  })

  it("names only secrets, services and labels that it has", () => {
    const secret = named("Secret", "stream-distributor")
    const asked = documents
      .filter(({ kind }) => kind === "StatefulSet")
      .flatMap((set) => envOf(set).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []))
    expect(asked.length).toBeGreaterThan(3)
    for (const { key, name } of asked) expect([name, key in secret.stringData]).toEqual([secret.metadata.name, true])
    for (const set of documents.filter(({ kind }) => kind === "StatefulSet")) {
      expect(set.spec.template.metadata.labels).toMatchObject(set.spec.selector.matchLabels)
      const service = named("Service", set.spec.serviceName)
      expect(set.spec.template.metadata.labels).toMatchObject(service.spec.selector)
      const ports = set.spec.template.spec.containers[0].ports.map(({ name }: Manifest) => name)
      expect(ports).toContain(service.spec.ports[0].targetPort)
    }
    for (const { kind, metadata } of documents)
      if (kind !== "Namespace") expect(metadata.namespace).toBe("stream-distributor")
  })
})
