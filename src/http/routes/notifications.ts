/** REST routes of notifications: who is told when something is wrong, and what is. */
import { Duration, Effect } from "effect"
import type { Hono } from "hono"
import { causesOf } from "../../effects/notifications/causes.ts"
import {
  AcknowledgeInput,
  DestinationInput,
  DestinationUpdate,
  MuteInput,
  RulesInput,
} from "../../effects/notifications/notification-bodies.ts"
import { readJson } from "../request/body.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

/** Mail servers take their time. */
const TEST_WITHIN = Duration.seconds(40)

export const notificationRoutes = (
  app: Hono,
  { notifications, runner }: Pick<AppServices, "notifications" | "runner">,
): void => {
  methods(app, "/api/notifications", {
    GET: (c) => runner.run(c, notifications.notices, (notices) => c.json({ notices, incidents: causesOf(notices) })),
  })
  methods(app, "/api/notifications/destinations", {
    GET: (c) => runner.run(c, notifications.destinations, (destinations) => c.json({ destinations })),
    POST: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, DestinationInput, MANY_THINGS), notifications.createDestination),
        (destination) => c.json(destination, 201, { Location: `/api/notifications/destinations/${destination.id}` }),
      ),
  })
  methods(app, "/api/notifications/destinations/:id", {
    GET: (c) => runner.run(c, notifications.destination(c.req.param("id")), (destination) => c.json(destination)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, DestinationUpdate, MANY_THINGS), (update) =>
          notifications.updateDestination(c.req.param("id"), update),
        ),
        (destination) => c.json(destination),
      ),
    DELETE: (c) => runner.run(c, notifications.removeDestination(c.req.param("id")), () => c.body(null, 204)),
  })
  methods(app, "/api/notifications/destinations/:id/test", {
    POST: (c) => runner.run(c, notifications.test(c.req.param("id")), (answer) => c.json(answer), TEST_WITHIN),
  })
  methods(app, "/api/notifications/rules", {
    GET: (c) => runner.run(c, notifications.rules, (rules) => c.json(rules)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, RulesInput, MANY_THINGS), (input) => notifications.setRules(input)),
        (rules) => c.json(rules),
      ),
  })
  methods(app, "/api/notifications/mutes", {
    GET: (c) => runner.run(c, notifications.mutes, (mutes) => c.json({ mutes })),
    POST: (c) => runner.run(c, Effect.flatMap(readJson(c, MuteInput), notifications.mute), (mute) => c.json(mute, 201)),
  })
  methods(app, "/api/notifications/mutes/:id", {
    DELETE: (c) => runner.run(c, notifications.unmute(c.req.param("id")), () => c.body(null, 204)),
  })
  methods(app, "/api/notifications/acknowledge", {
    POST: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, AcknowledgeInput, MANY_THINGS), notifications.acknowledgeMany),
        (notices) => c.json({ notices, incidents: causesOf(notices) }),
      ),
  })
  methods(app, "/api/notifications/:key/acknowledge", {
    POST: (c) => runner.run(c, notifications.acknowledge(c.req.param("key")), (notice) => c.json(notice)),
  })
}
