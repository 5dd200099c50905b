/** Who is told when something is wrong, and what is. */
import type { Operation } from "./operation.ts"

const tag = "Notifications"
const STORE = ["store-unavailable"] as const
const CREATE = ["conflict", "store-unavailable"] as const
const CHANGE = ["not-found", "conflict", "store-unavailable"] as const
const GONE = ["not-found", "store-unavailable"] as const
const DESTINATIONS = "/api/notifications/destinations"

export const notificationOperations: ReadonlyArray<Operation> = [
  {
    ...{ method: "get", path: "/api/notifications", id: "listNotices", tag },
    summary: "What is wrong, and what was",
    description: "Open notices, newest first, then those that are over, 200 at most. See `docs/notifications.md`.",
    answers: { 200: { description: "Notices", schema: "Notices" } },
  },
  {
    ...{ method: "post", path: "/api/notifications/{key}/acknowledge", id: "acknowledgeNotice", tag },
    summary: "Acknowledge an open notice",
    description: "It is not repeated any more. Who did it first, and when, is kept.",
    answers: { 200: { description: "The notice", schema: "Notice" } },
    problems: GONE,
  },
  {
    ...{ method: "get", path: DESTINATIONS, id: "listDestinations", tag },
    summary: "List the destinations",
    answers: { 200: { description: "Destinations by age, secrets masked", schema: "Destinations" } },
  },
  {
    ...{ method: "post", path: DESTINATIONS, id: "createDestination", tag },
    summary: "Create a destination",
    description: "Without rules that say otherwise it is told of everything, of all channels.",
    body: "DestinationInput",
    answers: { 201: { description: "The destination", schema: "Destination", headers: ["Location"] } },
    problems: CREATE,
  },
  {
    ...{ method: "get", path: `${DESTINATIONS}/{id}`, id: "getDestination", tag },
    summary: "Show a destination",
    answers: { 200: { description: "The destination", schema: "Destination" } },
    problems: ["not-found"],
  },
  {
    ...{ method: "put", path: `${DESTINATIONS}/{id}`, id: "updateDestination", tag },
    summary: "Change a destination",
    description: "Messages that wait for it are tried again at once. Its kind cannot be changed.",
    body: "DestinationUpdate",
    answers: { 200: { description: "The destination", schema: "Destination" } },
    problems: CHANGE,
  },
  {
    ...{ method: "delete", path: `${DESTINATIONS}/{id}`, id: "deleteDestination", tag },
    summary: "Delete a destination",
    description: "With the messages that wait for it.",
    answers: { 204: { description: "It is gone" } },
    problems: GONE,
  },
  {
    ...{ method: "post", path: `${DESTINATIONS}/{id}/test`, id: "sendTestNotification", tag },
    summary: "Send a test message",
    description: "Answers 200 with what came of it, also when it was not delivered; within 30 s.",
    answers: { 200: { description: "What came of it", schema: "NotificationTest" } },
    problems: ["not-found"],
  },
  {
    ...{ method: "get", path: "/api/notifications/rules", id: "getNotificationRules", tag },
    summary: "Who is told of what",
    answers: { 200: { description: "Rules", schema: "NotificationRules" } },
  },
  {
    ...{ method: "put", path: "/api/notifications/rules", id: "setNotificationRules", tag },
    summary: "Replace the rules",
    description:
      "A destination is told of what any of the rules sends it. What is left out of the body has its default.",
    body: "NotificationRulesInput",
    answers: { 200: { description: "Rules", schema: "NotificationRules" } },
    problems: STORE,
  },
  {
    ...{ method: "get", path: "/api/notifications/mutes", id: "listMutes", tag },
    summary: "List the mutes",
    answers: { 200: { description: "Mutes that have not ended", schema: "Mutes" } },
  },
  {
    ...{ method: "post", path: "/api/notifications/mutes", id: "createMute", tag },
    summary: "Mute a channel, an output or everything",
    description: "Notices go on being made; what is still open at the end is told then.",
    body: "MuteInput",
    answers: { 201: { description: "The mute", schema: "Mute" } },
    problems: CREATE,
  },
  {
    ...{ method: "delete", path: "/api/notifications/mutes/{id}", id: "deleteMute", tag },
    summary: "End a mute",
    answers: { 204: { description: "It is gone" } },
    problems: GONE,
  },
]
