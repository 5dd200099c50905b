import { expect, it } from "vitest"
import { settingsDocs } from "../scripts/settings-docs.ts"

it.each(settingsDocs())(
  "$file has the table of settings that the rows in core make (npm run docs:settings writes it)",
  ({ text, wanted }) => {
    expect(text).toBe(wanted)
  },
)
