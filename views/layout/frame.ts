/** The frame of a page: what every page knows about its reader and the service. */
import type { Role } from "../../src/effects/accounts/account-bodies.ts"
import type { RemovalView } from "../../src/effects/undo/Removals.ts"

export const THEMES = ["auto", "light", "dark"] as const
export type Theme = (typeof THEMES)[number]

/** Who reads a page. */
export interface Reader {
  readonly name: string
  readonly role: Role
  /** Tags that the role is bound to; empty when it holds for everything. */
  readonly tags: ReadonlyArray<string>
}

export interface Frame {
  readonly theme: Theme
  /** Path and query of the page, for forms that return to it. */
  readonly here: string
  readonly version: string
  /** The reader; null on the login page. */
  readonly caller: Reader | null
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
export const may = ({ caller }: { readonly caller: Pick<Reader, "role"> | null }, role: Role): boolean =>
  caller !== null && RANK[caller.role] >= RANK[role]

/** True when the reader is kept to channels of some tags: what is of the whole service is not shown. */
export const isBound = ({ caller }: Pick<Frame, "caller">): boolean => caller !== null && caller.tags.length > 0
