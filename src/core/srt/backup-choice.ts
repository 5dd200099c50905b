/**
 * Which of an output's two receivers carries: the main one, or its backup. Pure: it is told how both connections are,
 * and says which one is to send.
 *
 * It follows libsrt's backup groups (bonding-main-backup.md): both connections are kept, one carries, and a carrier that
 * stops answering while packets wait for an answer is unstable long before its connection counts as broken.
 */

export const CARRIERS = ["main", "backup"] as const
export type Carrier = (typeof CARRIERS)[number]

/** A carrier that says nothing for this long, in µs, while packets are under way, is unstable; see `unstableAfterUs`. */
export const UNSTABLE_US = 250_000
/** A carrier whose window has been full for this long, in µs, is unstable: its receiver takes nothing any more. */
export const BLOCKED_US = 1e6
/** A connection that carries nothing hears a keepalive every second: without one for this long, in µs, it is unstable. */
export const SILENT_US = 3e6
/** Time in µs for which the main connection has to be stable before it carries again. */
export const RETURN_US = 5e6
/** The longest such time in µs: it doubles when the main one fails again soon after its return. */
export const RETURN_MAX_US = 160e6
/** A main connection that fails within this many µs after its return has come back too soon. */
const TOO_SOON_US = 60e6
/** Time in µs that the main receiver has for its handshake once the backup is there. */
export const HEAD_START_US = 1e6

/** How a connection is, in times of one clock in µs. */
export interface ConnectionSigns {
  /** Since when it is connected. */
  readonly connectedUs: number
  /** When its receiver was last heard. */
  readonly heardUs: number
  /** Since when packets are under way to it without a pause; null while none is. */
  readonly waitingSinceUs: number | null
  /** Since when its window has been full; null while it is not. */
  readonly blockedSinceUs: number | null
  readonly rttUs: number
}

/** Silence in µs after which a carrier is unstable: four round trips, and no less than `UNSTABLE_US`. */
export const unstableAfterUs = (rttUs: number): number => Math.max(UNSTABLE_US, 4 * rttUs)

/** Why a carrier is to be replaced, in words; null while it is well. */
const whyUnstable = (signs: ConnectionSigns | null, nowUs: number): string | null => {
  if (signs === null) return "is not connected"
  const { blockedSinceUs, heardUs, rttUs, waitingSinceUs } = signs
  const silentUs = waitingSinceUs === null ? 0 : nowUs - Math.max(heardUs, waitingSinceUs)
  if (silentUs > unstableAfterUs(rttUs)) return `has not answered for ${Math.round(silentUs / 1000)} ms`
  if (nowUs - heardUs > SILENT_US) return `was silent for ${Math.round((nowUs - heardUs) / 1000)} ms`
  return blockedSinceUs !== null && nowUs - blockedSinceUs > BLOCKED_US ? "lets nothing through any more" : null
}

/** True for a connection that can take over: it is there, is heard, and has room. */
const isReady = (signs: ConnectionSigns | null, nowUs: number): signs is ConnectionSigns =>
  signs !== null && signs.blockedSinceUs === null && nowUs - signs.heardUs <= SILENT_US

/** The carrier is to be another one, for a reason that completes "the main receiver ...". */
export interface CarrierChange {
  readonly to: Carrier
  /** What the carrier of before did; null for the first one, and for the main one that comes back. */
  readonly why: string | null
}

export class BackupChoice {
  #carrier: Carrier | null = null
  /** Since when the main connection could carry again; null while it cannot. */
  #readySinceUs: number | null = null
  #returnUs = RETURN_US
  /** When the main one last came back, and when it was last left; null for never. */
  #returnedUs: number | null = null
  #leftUs: number | null = null

  /** Who carries; null before the first connection. */
  get carrier(): Carrier | null {
    return this.#carrier
  }

  /**
   * Who is to carry from now on, when that is somebody else. `main` and `backup` are null while not connected;
   * `mainFailed` tells that the main receiver's first attempt has come to nothing.
   */
  decide(
    main: ConnectionSigns | null,
    backup: ConnectionSigns | null,
    nowUs: number,
    mainFailed: boolean,
  ): CarrierChange | null {
    if (!this.#canReturn(main, nowUs)) this.#readySinceUs = null
    else if (this.#readySinceUs === null) this.#readySinceUs = nowUs
    if (this.#carrier === null) return this.#begin(main, backup, nowUs, mainFailed)
    return this.#carrier === "main" ? this.#leaveMain(main, backup, nowUs) : this.#leaveBackup(main, backup, nowUs)
  }

  #begin(
    main: ConnectionSigns | null,
    backup: ConnectionSigns | null,
    nowUs: number,
    mainFailed: boolean,
  ): CarrierChange | null {
    if (main !== null) return this.#change("main", null)
    if (backup === null) return null
    if (mainFailed) return this.#change("backup", "could not be reached")
    return nowUs - backup.connectedUs >= HEAD_START_US ? this.#change("backup", "has not answered yet") : null
  }

  #leaveMain(main: ConnectionSigns | null, backup: ConnectionSigns | null, nowUs: number): CarrierChange | null {
    const why = whyUnstable(main, nowUs)
    if (why === null) {
      if (this.#returnedUs !== null && nowUs - this.#returnedUs > TOO_SOON_US) this.#returnUs = RETURN_US
      return null
    }
    if (!isReady(backup, nowUs)) return null
    const isTooSoon = this.#returnedUs !== null && nowUs - this.#returnedUs <= TOO_SOON_US
    this.#returnUs = isTooSoon ? Math.min(RETURN_MAX_US, 2 * this.#returnUs) : RETURN_US
    this.#readySinceUs = null
    this.#leftUs = nowUs
    return this.#change("backup", why)
  }

  /** A main connection that has not been heard since it was left is no better than it was then. */
  #canReturn(main: ConnectionSigns | null, nowUs: number): boolean {
    return isReady(main, nowUs) && (this.#leftUs === null || main.heardUs > this.#leftUs)
  }

  #leaveBackup(main: ConnectionSigns | null, backup: ConnectionSigns | null, nowUs: number): CarrierChange | null {
    if (!this.#canReturn(main, nowUs)) return null
    const why = whyUnstable(backup, nowUs)
    const isStable = this.#readySinceUs !== null && nowUs - this.#readySinceUs >= this.#returnUs
    if (why === null && !isStable) return null
    this.#returnedUs = nowUs
    return this.#change("main", why)
  }

  #change(to: Carrier, why: string | null): CarrierChange {
    this.#carrier = to
    return { to, why }
  }
}
