/** How many engines carry the channels: `ENGINES`. */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { Config, ConfigError, Either, Option } from "effect"
import { SETTINGS, setting, withoutComment } from "./environment-settings.ts"

/** More engines than this say nothing but that the number was mistyped. */
const MOST = 256
/** Where a container finds what share of the machine's processors it may use (cgroup v2). */
const QUOTA_FILE = "/sys/fs/cgroup/cpu.max"

/** Processors that a cgroup may use, from `cpu.max`: `200000 100000` are 2; null for no limit. Pure. */
export const quotaOf = (text: string): number | null => {
  const [quota, period] = text.trim().split(/\s+/).map(Number)
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return null
  return Math.max(1, Math.floor(quota / period))
}

/** One processor is left to the control plane and the kernel; there is one engine at least. Pure. */
export const engineCount = (processors: number, quota: number | null): number =>
  Math.min(MOST, Math.max(1, Math.min(processors, quota ?? processors) - 1))

const readQuota = (): number | null => {
  try {
    return quotaOf(readFileSync(QUOTA_FILE, "utf8"))
  } catch {
    return null
  }
}

/** `ENGINES`, with `auto` made a number. */
export const engines: Config.Config<number> = setting("ENGINES").pipe(
  Config.mapOrFail((text) => {
    const value = withoutComment(Option.getOrElse(text, () => SETTINGS.ENGINES)).toLowerCase()
    if (value === "auto") return Either.right(engineCount(availableParallelism(), readQuota()))
    return /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MOST
      ? Either.right(Number(value))
      : Either.left(ConfigError.InvalidData(["ENGINES"], `must be auto or a number from 1 to ${MOST}, not "${value}"`))
  }),
)
