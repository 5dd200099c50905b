// deploy/nodes, as far as it can be checked without machines.
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { parse } from "yaml"
import { SETTINGS } from "../src/effects/config/environment-settings.ts"

interface Service {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly profiles?: ReadonlyArray<string>
  readonly network_mode?: string
  readonly stop_grace_period?: string
}

const compose = parse(readFileSync(new URL("../deploy/nodes/compose.yml", import.meta.url), "utf8")) as {
  readonly services: Readonly<Record<"distributor" | "postgres", Service>>
}

it("a node has every setting that nodes need, each of them known, and none that two could have in common by accident", () => {
  const { environment, image, network_mode } = compose.services.distributor
  expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([])
  expect(environment).toMatchObject({ NODES: "on", KEY_FILE: "/keys/secret.key" })
  for (const name of ["NODE_NAME", "NODE_ADDRESS", "DATABASE_URL", "API_KEY"])
    expect(environment[name]).toMatch(new RegExp(`^\\$\\{${name}:\\?.+\\}$`))
  const main = readFileSync(new URL("../docker-compose.yml", import.meta.url), "utf8")
  expect(main).toContain(`image: ${image}\n`)
  expect(network_mode).toBe("host")
})

it("the database starts where it is asked for, and has an exact version", () => {
  expect(compose.services.postgres).toMatchObject({
    profiles: ["database"],
    image: expect.stringMatching(/^postgres:\d+\.\d+$/),
  })
})
