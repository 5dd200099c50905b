import { expect, it } from "vitest"
import { SETTINGS } from "./environment-settings.ts"
import { shownEnvironment } from "./shown-environment.ts"

it("shows the service's settings that are set, none that holds a secret, and nothing of others", () => {
  const secret = "Planted4711Secret"
  const all = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ` ${name.toLowerCase()} `]))
  const shown = shownEnvironment({
    ...all,
    PORT: "8000",
    HOST: "  ",
    API_KEY: secret,
    SRT_INGEST_PASSPHRASE: secret,
    DATABASE_URL: `postgres://me:${secret}@db.example.com/x`,
    GRAFANA_URL: `https://me:${secret}@grafana.example.com`,
    AWS_SECRET_ACCESS_KEY: secret,
    HLS_DIR: `srt://me:${secret}@host:1?passphrase=${secret}`,
  })
  expect(JSON.stringify(shown)).not.toContain(secret)
  expect(shown).toMatchObject({ PORT: "8000", LOG_LEVEL: "log_level", API_KEY: "(set, not shown)" })
  expect(shown).not.toHaveProperty("HOST")
  expect(shown).not.toHaveProperty("AWS_SECRET_ACCESS_KEY")
})
