import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { END_REASONS } from "../../effects/channel/runtime/end-reason.ts"
import { SWITCH_REASONS } from "../../effects/channel/runtime/tally.ts"
import { OUTPUT_STATES } from "../../effects/metrics/metrics-model.ts"
import { ALARM_KINDS } from "../../effects/model/event.ts"
import { PREFIX } from "./exposition.ts"
import { MUTE_AREAS } from "./mute-metrics.ts"
import { nodeArea, ownNodeArea } from "./node-metrics.ts"
import { processMetrics } from "./process-metrics.ts"
import { AREAS } from "./render.ts"

const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8")
/** Rows of the tables of metrics, cells without padding and backquotes. */
const rows = page
  .split("\n")
  .filter((line) => /^\| `[a-z0-9_]+` *\| (counter|gauge|histogram)/.test(line))
  .map((line) =>
    line
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", ""))
      .slice(1, -1),
  )

it("docs/metrics.md lists every metric of the product with its type, labels and meaning, and no other", () => {
  const shown = [...AREAS, ...MUTE_AREAS, nodeArea, ownNodeArea]
    .flatMap(({ families }) => families)
    .map(({ help, labels, name, type }) => [
      `${PREFIX}${name}`,
      type,
      labels.length === 0 ? "-" : labels.join(", "),
      help,
    ])
  expect(rows.filter((row) => row.length === 4)).toEqual(shown)
})

it("docs/metrics.md lists every metric of the process", async () => {
  const described = (await processMetrics().describe()).map(({ help, name, type }) => [name, type, help])
  expect(rows.filter((row) => row.length === 3)).toEqual(described)
})

it("docs/metrics.md lists the values of labels", () => {
  for (const values of [END_REASONS, SWITCH_REASONS, OUTPUT_STATES, ALARM_KINDS]) {
    const wanted = values.filter((value) => value !== "other").map((value) => `\`${value}\``)
    expect(page.split("\n").some((line) => wanted.every((value) => line.includes(value)))).toBe(true)
  }
})
