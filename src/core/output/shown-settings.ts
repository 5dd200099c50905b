/** Settings with secrets in them: as they are shown, and what comes back of that. */
import { type OutputSettings, SECRET_SETTINGS, URL_SETTINGS } from "./output-settings.ts"
import { maskSecrets, unmaskSecrets } from "./output-url.ts"

const MASK = "***"

const isIn = (names: ReadonlyArray<string>, name: string): boolean => names.includes(name)

/** The value of a setting as it is shown; what is none of a setting's stays as it is. */
export const shownSetting = (name: string, value: unknown): unknown => {
  if (value === undefined || value === null) return value
  if (isIn(SECRET_SETTINGS, name)) return MASK
  return isIn(URL_SETTINGS, name) ? maskSecrets(String(value)) : value
}

/**
 * The value of a setting as it was given, with the secrets of the stored value `old` where they came back masked. A mask
 * that stands for nothing stays, and is refused later on.
 */
export const givenSetting = (name: string, value: unknown, old: unknown): unknown => {
  if (typeof value !== "string" || typeof old !== "string") return value
  if (isIn(SECRET_SETTINGS, name)) return value === MASK ? old : value
  if (!isIn(URL_SETTINGS, name)) return value
  return value === maskSecrets(old) ? old : unmaskSecrets(value, old)
}

/** As the API shows them. */
export const maskedSettings = (settings: OutputSettings): OutputSettings =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, shownSetting(name, value)]))
