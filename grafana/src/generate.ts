/** `npm run dashboards`: generates grafana/dashboards. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { asText, dashboards } from "./dashboards.ts"

const folder = fileURLToPath(new URL("../dashboards/", import.meta.url))
const all = dashboards()

mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) if (name.endsWith(".json") && !(name in all)) rmSync(`${folder}${name}`)
for (const [name, dashboard] of Object.entries(all)) {
  writeFileSync(`${folder}${name}`, asText(dashboard))
  process.stdout.write(
    `grafana/dashboards/${name}: ${dashboard.panels?.filter(({ type }) => type !== "row").length ?? 0} panels\n`,
  )
}
