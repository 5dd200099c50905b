/** Settings of the environment as they may be handed on: which are set, and the values of those that are no secrets. */
import { SETTINGS } from "./environment-settings.ts"
import { maskText } from "./Logging.ts"

/** Settings that hold a secret, or may hold one anywhere. */
const SECRET = new Set<string>(["API_KEY", "SRT_INGEST_PASSPHRASE", "DATABASE_URL", "NODE_ON_TAKEOVER", "GRAFANA_URL"])

/** The service's own settings that are set; of others in the environment nothing is known, so that none is shown. */
export const shownEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(SETTINGS).flatMap((name) => {
      const value = (environment[name] ?? "").trim()
      if (value === "") return []
      return [[name, SECRET.has(name) ? "(set, not shown)" : maskText(value)]]
    }),
  )
