/** Notifications in memory: destinations answer as they are told to, and nothing happens by itself. */
import { Effect, Scope } from "effect"
import { initialState } from "../engine/engine-state.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Deliver } from "../notifications/deliver.ts"
import { makeNotifications } from "../notifications/Notifications.ts"
import type { NotificationRows } from "../notifications/notification-rows.ts"
import type { NotificationsService } from "../notifications/notifications-service.ts"

export const noNotificationRows: NotificationRows = {
  load: Effect.succeed({ destinations: [], rules: null, mutes: [], notices: [], outgoing: [] }),
  putDestination: () => Effect.void,
  deleteDestination: () => Effect.void,
  putRules: () => Effect.void,
  insertMute: () => Effect.void,
  deleteMutes: () => Effect.void,
  write: () => Effect.void,
}

export const memoryNotifications = (
  configs: () => ReadonlyArray<ChannelConfig> = () => [],
  deliver: Deliver = () => Effect.succeed("HTTP 200"),
): NotificationsService => {
  const look = Effect.sync(() => ({
    engine: { ...initialState, connected: true },
    configs: configs(),
    runtimeOf: () => null,
    storeProblem: null,
    nowMs: Date.now(),
    monotonicMs: performance.now(),
  }))
  const made = Effect.flatMap(Scope.make(), (scope) =>
    Scope.extend(makeNotifications({ rows: noNotificationRows, look, deliver }), scope),
  )
  return Effect.runSync(made).service
}
