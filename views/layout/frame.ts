/** The frame of a page: what every page knows about its reader and the service. */
import type { Role } from "../../src/effects/accounts/account-bodies.ts"
import type { RemovalView } from "../../src/effects/undo/Removals.ts"

export const THEMES = ["auto", "light", "dark"] as const
export type Theme = (typeof THEMES)[number]

export interface Frame {
  readonly theme: Theme
  /** Path and query of the page, for forms that return to it. */
  readonly here: string
  readonly version: string
  /** The reader; null on the login page. */
  readonly caller: { readonly name: string; readonly role: Role } | null
  /** True when there is a session to end. */
  readonly canLogOut: boolean
  /** False when the reader paused the updates (`?live=off`). */
  readonly live: boolean
  /** The removal that the reader just made and can undo. */
  readonly removed?: (RemovalView & { readonly token: string }) | undefined
  /** True where there are pages of MediaLive. */
  readonly medialive?: boolean
  /** True on one of several machines. */
  readonly hasNodes?: boolean | undefined
  /** Open notices that nobody has acknowledged. */
  readonly openNotices?: { readonly count: number; readonly isCritical: boolean } | undefined
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

/** True when the reader may do what needs `role`: buttons that would be refused are not shown. */
export const may = ({ caller }: Pick<Frame, "caller">, role: Role): boolean =>
  caller !== null && RANK[caller.role] >= RANK[role]
