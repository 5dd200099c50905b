/** Data from which the system page is rendered. */
import type { MachineCheck } from "../../src/core/machine/machine-checks.ts"
import type { CrashSummary } from "../../src/effects/engine/Crashes.ts"
import type { EngineUsage } from "../../src/effects/engine/engine-usage.ts"
import type { DiskRoom } from "../../src/effects/show/surroundings.ts"

export interface EngineShown {
  readonly number: number
  readonly connected: boolean
  readonly pid: number | null
  readonly startedAt: string | null
  readonly restarts: number
  /** True while it runs other code than is installed; `mayReplace` when the reader may have it replaced. */
  readonly outdated: boolean
  readonly mayReplace: boolean
  /** Channels that are placed on it. */
  readonly channels: number
  readonly usage: EngineUsage | null
}

export interface SystemShown {
  /** Problems, each a sentence that also says what to do. */
  readonly problems: ReadonlyArray<string>
  readonly service: {
    readonly pid: number
    /** Start of the service, ISO 8601. */
    readonly startedAt: string
    /** CPU use in per cent of one core. */
    readonly cpuPercent: number
    readonly rssBytes: number
    readonly loopDelayMs: number
  }
  /** At least one, by number. */
  readonly engines: ReadonlyArray<EngineShown>
  readonly crashes: {
    /** Newest first. */
    readonly list: ReadonlyArray<CrashSummary>
    readonly keptOut: ReadonlyArray<{ readonly name: string; readonly slug: string; readonly since: string }>
    /** Whether the reader may open a crash, and below, release a channel. */
    readonly mayLook: boolean
    readonly mayRelease: boolean
  }
  readonly network: {
    /** Datagrams dropped over all legs. */
    readonly drops: number
    readonly lines: ReadonlyArray<{ readonly channel: string; readonly slug: string; readonly text: string }>
  }
  readonly store: { readonly kind: string; readonly ok: boolean; readonly bytes: number | null }
  readonly disks: ReadonlyArray<DiskRoom>
  readonly machine: {
    readonly cpus: number
    readonly load: ReadonlyArray<number>
    readonly totalBytes: number
    readonly freeBytes: number
    readonly checks: ReadonlyArray<MachineCheck>
  }
  readonly open: { readonly pages: number; readonly sockets: number }
  readonly versions: {
    readonly product: string
    readonly runtime: { readonly name: string; readonly version: string }
    readonly libsrt: string | null
    readonly libsrtProblem: string | null
    readonly ffmpeg: string | null
    readonly licence: string
  }
}
