import { Effect } from "effect"
import { expect, it } from "vitest"
import { refusePrivateHost } from "./refuse-private-host.ts"

it("refuses hosts of this machine and of private networks, by any of their addresses", async () => {
  const known: Readonly<Record<string, ReadonlyArray<string>>> = {
    "mixed.test": ["203.0.113.5", "10.1.2.3"],
    "public.test": ["203.0.113.5"],
  }
  const refuse = refusePrivateHost((host) => {
    const found = known[host]
    return found === undefined
      ? Promise.reject(new Error("ENOTFOUND"))
      : Promise.resolve(found.map((address) => ({ address })))
  })
  const answers = await Promise.all(
    ["127.0.0.1", "[::1]", "169.254.169.254", "mixed.test", "public.test", "203.0.113.5", "unknown.test"].map((host) =>
      Effect.runPromise(refuse(host)),
    ),
  )
  expect(answers.map((answer) => (answer.ok ? answer.address : answer.again ? "later" : "never"))).toEqual([
    "never",
    "never",
    "never",
    "never",
    // The connection goes to the address that was checked: a second answer of the name server could differ.
    "203.0.113.5",
    "203.0.113.5",
    "later",
  ])
  expect(answers[3]).toMatchObject({ reason: expect.stringContaining("mixed.test resolves to 10.1.2.3") })
})
