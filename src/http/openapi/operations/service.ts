/** The service as a whole: health, metrics, the live feed, this document. */
import type { Operation } from "./operation.ts"

export const serviceOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/health",
    id: "getHealth",
    tag: "Service",
    summary: "How the service is",
    answers: { 200: { description: "Its state; `problems` says what to do", schema: "Health" } },
  },
  {
    method: "get",
    path: "/api/system/stats",
    id: "getSystemStats",
    tag: "Service",
    summary: "What the service uses of its machine",
    answers: { 200: { description: "CPU, memory, load", schema: "SystemStats" } },
  },
  {
    method: "get",
    path: "/api/system/support.zip",
    id: "getSupportBundle",
    tag: "Service",
    summary: "Everything that helps others to understand the service, without a secret, as one ZIP archive",
    description:
      "Versions, settings, configuration, states, figures, events and cues of the last hour, the log, and what Linux tells below `/proc`. Needs the role `admin`, and stands in the audit log.",
    answers: { 200: { description: "The archive", content: { "application/zip": { type: "string" } } } },
  },
  {
    method: "get",
    path: "/livez",
    id: "getLive",
    tag: "Service",
    summary: "Whether the process runs",
    free: true,
    answers: { 200: { description: "It does", schema: "Alive" } },
  },
  {
    method: "get",
    path: "/readyz",
    id: "getReady",
    tag: "Service",
    summary: "Whether the store answers and the engine is connected",
    free: true,
    answers: { 200: { description: "Both", schema: "Ready" }, 503: { description: "Not both", schema: "Ready" } },
  },
  {
    method: "get",
    path: "/metrics",
    id: "getMetrics",
    tag: "Service",
    summary: "Prometheus metrics",
    answers: {
      200: { description: "In the text format of Prometheus", content: { "text/plain": { type: "string" } } },
    },
  },
  {
    method: "get",
    path: "/ws",
    id: "watchChannels",
    tag: "Service",
    summary: "WebSocket: the channels, live",
    description:
      "Sends the answer of `GET /api/channels` as text on connecting, on changes (at most twice a second) and every 2 s. Nothing is expected from the client. Where headers cannot be set, the key is offered as the subprotocol `bearer.` followed by the percent-encoded key. 200 clients at most; one that cannot keep up is closed with 1013.",
    answers: { 101: { description: "The WebSocket" } },
    problems: ["upgrade-required"],
  },
  {
    method: "get",
    path: "/api/openapi.json",
    id: "getOpenApi",
    tag: "Service",
    summary: "This document",
    answers: {
      200: { description: "OpenAPI 3.1", content: { "application/json": { type: "object" } }, headers: ["ETag"] },
      304: { description: "It is the one of `If-None-Match`", headers: ["ETag"] },
    },
  },
  {
    method: "get",
    path: "/api/docs",
    id: "getDocs",
    tag: "Service",
    summary: "This document as a page",
    answers: {
      200: { description: "HTML", content: { "text/html": { type: "string" } }, headers: ["ETag"] },
      304: { description: "It is the one of `If-None-Match`", headers: ["ETag"] },
    },
  },
]
