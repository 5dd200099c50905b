/** What the parts of the notifications share. */

import type { Effect } from "effect"
import type { StateTag } from "../config/state-tag.ts"
import { Conflict } from "../model/Errors.ts"
import type { Sighting } from "./conditions.ts"
import type { CheckHost, Deliver } from "./deliver.ts"
import type { DeliveryLines } from "./delivery-lines.ts"
import type { NoticeBook } from "./NoticeBook.ts"
import type { KeptMute, RulesView } from "./notification-bodies.ts"
import type { NotificationRows } from "./notification-rows.ts"
import type { Unwritten } from "./unwritten.ts"

export interface NotificationsState {
  readonly rows: NotificationRows
  /** The state of the service, as it is now. */
  readonly look: Effect.Effect<Sighting>
  readonly checkHost: CheckHost
  readonly deliver: Deliver
  readonly tag: StateTag
  readonly book: NoticeBook
  readonly lines: DeliveryLines
  readonly unwritten: Unwritten
  /** Mutes by UUID, among them such as have ended and such as are of what was removed. */
  readonly mutes: Map<string, KeptMute>
  rules: RulesView
  /** Makes a change that is stored, if the check holds: one at a time, and never left half done. */
  readonly change: <A, E, E2 = never>(
    effect: Effect.Effect<A, E>,
    check?: Effect.Effect<void, E2>,
  ) => Effect.Effect<A, E | E2>
}

/** Refuses a request for what is there already; `path` names the field. */
export const conflict = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })
