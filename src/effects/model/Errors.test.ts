import { expect, it } from "vitest"
import { Conflict, InvalidInput } from "./Errors.ts"

const errors = [
  { path: "", message: "there is nothing to replace" },
  { path: "name", message: "is required" },
]

it.each([new Conflict({ errors }), new InvalidInput({ errors })])(
  "a message has the place of each error, and no colon where there is none",
  ({ message }) => expect(message).toBe("there is nothing to replace; name: is required"),
)
