import { afterEach, expect, it } from "vitest"
import { childEnvironment, toolEnvironment } from "./child-environment.ts"

const PLANTED = {
  API_KEY: "planted",
  SRT_INGEST_PASSPHRASE: "planted passphrase",
  DATABASE_URL: "postgres://me:planted@h/d",
  AWS_SECRET_ACCESS_KEY: "planted",
  BUN_JSC_x: "1",
}
const before = Object.fromEntries(Object.keys(PLANTED).map((name) => [name, process.env[name]]))
afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

it("leaves out what a child has no use for, and nothing else", () => {
  Object.assign(process.env, PLANTED)
  const names = (environment: Record<string, string>) => Object.keys(PLANTED).filter((name) => name in environment)
  expect(names(childEnvironment())).toEqual(["AWS_SECRET_ACCESS_KEY", "BUN_JSC_x"])
  expect(names(childEnvironment("BUN_JSC_"))).toEqual(["AWS_SECRET_ACCESS_KEY"])
  expect(names(toolEnvironment())).toEqual(["BUN_JSC_x"])
  expect(toolEnvironment()["PATH"]).toBe(process.env["PATH"])
})
