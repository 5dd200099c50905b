/** How a channel is received: what follows from the rows of `setting-table.ts`. */
import {
  arranged,
  type NamesWith,
  namesOf,
  type SettingRow,
  type SettingsOf,
  type ValueOf,
} from "../settings/setting-row.ts"
import { INPUT_SETTINGS, type InputColumns } from "./setting-table.ts"

/** Receive settings of a channel; what is left out has its default. */
export type InputSettings = SettingsOf<typeof INPUT_SETTINGS>
export type InputSetting = keyof InputSettings

type PolicySetting = NamesWith<{ readonly use: "policy" }, typeof INPUT_SETTINGS>
type WatchSetting = NamesWith<{ readonly use: "watch" }, typeof INPUT_SETTINGS>
type Values<Names extends InputSetting> = { readonly [Name in Names]: ValueOf<(typeof INPUT_SETTINGS)[Name]> }
/** Settings that the engine is told with their defaults: how the legs become one stream. */
export type PolicySettings = Values<PolicySetting>
/** Settings that the control plane goes by itself, with their defaults. */
export type WatchSettings = Values<WatchSetting>

const ROWS: Readonly<Record<InputSetting, SettingRow & InputColumns>> = INPUT_SETTINGS
const NAMES = namesOf(INPUT_SETTINGS)

export const POLICY_SETTINGS = NAMES.filter((name): name is PolicySetting => ROWS[name].use === "policy")
export const WATCH_SETTINGS = NAMES.filter((name): name is WatchSetting => ROWS[name].use === "watch")

/** Settings that need a backup and go with it. */
export const BACKUP_SETTINGS = NAMES.filter(
  (name): name is NamesWith<{ readonly backup: true }, typeof INPUT_SETTINGS> => ROWS[name].backup === true,
)

const groups = [...new Set(NAMES.map((name) => ROWS[name].group))]

/** Headings of the form with the settings below them. */
export const INPUT_GROUPS: ReadonlyArray<{ readonly title: string; readonly settings: ReadonlyArray<InputSetting> }> =
  groups.map((title) => {
    const settings = NAMES.filter((name) => ROWS[name].group === title)
    return { title, settings: arranged(ROWS, settings) }
  })
