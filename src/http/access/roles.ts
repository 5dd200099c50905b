/** The role that each request needs. A test compares the table with the routes: every route has an entry. */
import type { Role } from "../../effects/accounts/account-bodies.ts"

export interface Rule {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Path as the route declares it. */
  readonly path: string
  /** Role that is needed; `free` needs none. */
  readonly role: Role | "free"
  /** The request in the words of the audit log; null when it changes nothing. */
  readonly what: string | null
}

type Line = readonly [method: Rule["method"], path: string, what: string]
const rules = (role: Rule["role"], lines: ReadonlyArray<Line>): ReadonlyArray<Rule> =>
  lines.map(([method, path, what]) => ({ role, method, path, what }))
const looks = (role: Rule["role"], ...paths: ReadonlyArray<string>): ReadonlyArray<Rule> =>
  paths.map((path) => ({ role, method: "GET", path, what: null }))

/** Rules in order: one with more literal parts comes before one with parameters in their place. */
export const RULES: ReadonlyArray<Rule> = [
  ...looks("free", "/livez", "/readyz", "/login", "/static/:file", "/hls/:id/:file", "/hls/:id/:output/:file"),
  // Among nodes: the routes ask for their secret.
  ...looks("free", "/internal/channels"),
  { role: "free", method: "POST", path: "/internal/leases", what: null },
  // The token in the path is the proof, and the route looks at it.
  ...looks("free", "/partner/:token"),
  // These write their own lines into the audit log.
  { role: "free", method: "POST", path: "/login", what: null },
  { role: "free", method: "POST", path: "/logout", what: null },
  { role: "free", method: "POST", path: "/theme", what: null },

  ...looks(
    "viewer",
    "/",
    "/ws",
    "/metrics",
    "/scte35",
    "/live/channels",
    "/wall",
    "/live/wall",
    "/channels/:id/stop",
    "/channels/:id/events",
    "/channels/:id/cues",
  ),
  ...looks("viewer", "/api/engine/crashes"),
  ...looks("admin", "/api/engine/crashes/:crash", "/system/crashes/:crash"),
  ...looks("viewer", "/api/health", "/api/system/stats", "/api/openapi.json", "/api/docs", "/api/presets"),
  ...looks("viewer", "/api/channels", "/api/channels/:id", "/api/channels/:id/events", "/api/channels/:id/cues"),
  ...looks(
    "viewer",
    "/api/cues",
    "/api/events",
    "/cues",
    "/events",
    "/system",
    "/live/cues",
    "/live/events",
    "/live/system",
  ),
  ...looks("viewer", "/api/channels/:id/history", "/channels/:id/thumbnail.jpg", "/preview/:id"),
  ...looks("viewer", "/api/channels/:id/outputs", "/api/channels/:id/outputs/:output"),
  ...looks(
    "viewer",
    "/api/config",
    "/api/config/channels.json",
    "/api/config/changes",
    "/api/config/versions",
    "/api/config/versions/:version",
  ),
  ...looks("viewer", "/api/templates", "/api/templates/:template"),
  ...looks("viewer", "/api/inputs", "/api/inputs/:id", "/api/inputs/:id/outputs", "/api/inputs/:id/outputs/:output"),
  ...looks("viewer", "/api/inputs/:id/outputs/:output/logs"),
  ...looks("viewer", "/api/notifications", "/api/notifications/destinations", "/api/notifications/destinations/:id"),
  ...looks("viewer", "/api/notifications/rules", "/api/notifications/mutes"),
  ...looks("viewer", "/api/nodes", "/api/nodes/:node", "/api/channels/:id/placement", "/nodes", "/live/nodes"),
  // What was: figures, timeline, as-run report, egress.
  ...looks("viewer", "/api/channels/:id/figures", "/channels/:id/history", "/api/channels/:id/as-run"),
  ...looks("viewer", "/channels/:id/as-run", "/api/egress", "/egress"),
  ...looks("viewer", "/channels/:id/outputs/:output/partner", "/api/channels/:id/outputs/:output/partner-links"),
  // MediaLive, and schedules.
  ...looks("viewer", "/api/medialive", "/api/medialive/costs", "/api/medialive/channels/:id"),
  ...looks("viewer", "/api/channels/:id/medialive", "/api/channels/:id/schedule", "/channels/:id/schedule"),
  ...looks("viewer", "/medialive", "/medialive/costs", "/medialive/costs.csv", "/medialive/channels/:id"),
  ...looks("viewer", "/live/medialive", "/live/medialive/channels/:id"),
  ...looks("viewer", "/channels/:id", "/live/channels/:id", "/fragments/channels/:id/figures"),
  { role: "viewer", method: "POST", path: "/api/scte35/decode", what: null },
  { role: "viewer", method: "POST", path: "/scte35", what: null },

  ...rules("operator", [
    ["POST", "/api/channels/bulk", "change many channels"],
    ["POST", "/api/channels/:id/release", "let a channel into the engine again"],
    ["POST", "/channels/:id/release", "let a channel into the engine again"],
    ["POST", "/api/engines/:engine/replace", "replace an engine"],
    ["POST", "/system/engines/:engine/replace", "replace an engine"],
    ["POST", "/api/channels", "create a channel"],
    ["PUT", "/api/channels/:id", "change a channel"],
    ["DELETE", "/api/channels/:id", "delete a channel"],
    ["POST", "/api/channels/:id/clone", "copy a channel"],
    ["POST", "/api/channels/:id/start", "start a channel"],
    ["POST", "/api/channels/:id/stop", "stop a channel"],
    ["POST", "/api/channels/:id/switch", "switch the source of a channel"],
    ["PUT", "/api/channels/:id/placement", "change where a channel runs"],
    ["POST", "/api/channels/:id/move", "move a channel to another node"],
    ["POST", "/channels/:id/placement", "change where a channel runs on the page"],
    ["POST", "/channels/:id/move", "move a channel to another node on the page"],
    ["POST", "/api/channels/:id/cues", "insert a cue"],
    ["POST", "/api/channels/:id/outputs", "add an output"],
    ["PUT", "/api/channels/:id/outputs/:output", "change an output"],
    ["DELETE", "/api/channels/:id/outputs/:output", "delete an output"],
    ["POST", "/api/channels/:id/outputs/:output/start", "start an output"],
    ["POST", "/api/channels/:id/outputs/:output/stop", "stop an output"],
    ["POST", "/api/channels/:id/outputs/:output/test", "test an output"],
    ["POST", "/api/channels/:id/outputs/:output/partner-links", "make a partner link"],
    ["DELETE", "/api/channels/:id/outputs/:output/partner-links/:link", "revoke a partner link"],
    ["POST", "/api/outputs/test", "test a destination"],
    ["POST", "/api/templates", "create a template"],
    ["PUT", "/api/templates/:template", "change a template"],
    ["DELETE", "/api/templates/:template", "delete a template"],
    ["POST", "/api/inputs", "create an input"],
    ["PUT", "/api/inputs/:id", "change an input"],
    ["DELETE", "/api/inputs/:id", "delete an input"],
    ["POST", "/api/inputs/:id/start", "start an input"],
    ["POST", "/api/inputs/:id/stop", "stop an input"],
    ["POST", "/api/inputs/:id/outputs", "add an output to an input"],
    ["PUT", "/api/inputs/:id/outputs/:output", "change an output of an input"],
    ["DELETE", "/api/inputs/:id/outputs/:output", "delete an output of an input"],
    ["POST", "/api/inputs/:id/outputs/:output/start", "start an output of an input"],
    ["POST", "/api/inputs/:id/outputs/:output/stop", "stop an output of an input"],
    ["POST", "/api/config/changes/:change/revert", "take a change back"],
    ["POST", "/channels/:id/changes/:change/revert", "take a change back on the page"],
    ["POST", "/api/notifications/acknowledge", "acknowledge notices"],
    ["POST", "/api/notifications/:key/acknowledge", "acknowledge a notice"],
    ["POST", "/api/notifications/mutes", "mute notifications"],
    ["DELETE", "/api/notifications/mutes/:id", "end a mute of notifications"],
    ["POST", "/notices/acknowledge", "acknowledge notices on the page"],
    ["POST", "/notices/mute", "mute notices on the page"],
    ["PUT", "/api/channels/:id/schedule", "set the schedule of a channel"],
    ["DELETE", "/api/channels/:id/schedule", "remove the schedule of a channel"],
    ["POST", "/api/medialive/channels/:id/start", "start a channel of MediaLive"],
    ["POST", "/api/medialive/channels/:id/stop", "stop a channel of MediaLive"],
    ["PUT", "/api/medialive/channels/:id/auto", "say what MediaLive does by itself"],
    ["POST", "/channels/:id/schedule", "change the schedule of a channel on the page"],
    ["POST", "/medialive/channels/:id/start", "start a channel of MediaLive on the page"],
    ["POST", "/medialive/channels/:id/stop", "stop a channel of MediaLive on the page"],
    ["POST", "/medialive/channels/:id/auto", "say what MediaLive does by itself on the page"],
    ["POST", "/channels/bulk", "change many channels on the page"],
    ["POST", "/channels/:id/start", "start a channel on the page"],
    ["POST", "/channels/:id/stop", "stop a channel on the page"],
    ["POST", "/channels/:id/mute", "mute a channel on the page"],
    ["POST", "/channels/:id/outputs/:output/mute", "mute an output on the page"],
    ["POST", "/channels/:id/switch/primary", "switch a channel to its primary on the page"],
    ["POST", "/channels/:id/switch/backup", "switch a channel to its backup on the page"],
    ["POST", "/channels/:id/outputs/:output/start", "start an output on the page"],
    ["POST", "/channels/:id/outputs/:output/stop", "stop an output on the page"],
  ]),

  // Pages with forms.
  ...looks(
    "operator",
    "/add/channel",
    "/add/output",
    "/add/outputs",
    "/add/output-to-many",
    "/channels/:id/edit",
    "/channels/:id/clone",
    "/medialive/channels/:id/start",
    "/medialive/channels/:id/stop",
    "/medialive/channels/:id/create",
  ),
  ...looks("operator", "/channels/:id/outputs/:output/edit", "/channels/:id/outputs/:output/remove"),
  // These say what was understood and change nothing.
  ...["/fragments/interpret", "/fragments/interpret-many", "/fragments/output-to-many", "/fragments/check-channel"].map(
    (path): Rule => ({ role: "operator", method: "POST", path, what: null }),
  ),
  ...rules("operator", [
    ["POST", "/channels", "create a channel on the page"],
    ["POST", "/channels/:id/edit", "change a channel on the page"],
    ["POST", "/channels/:id/clone", "copy a channel on the page"],
    ["POST", "/channels/:id/remove", "delete a channel on the page"],
    ["POST", "/outputs", "add an output on the page"],
    ["POST", "/outputs/many", "add many outputs on the page"],
    ["POST", "/outputs/to-many", "add an output to many channels on the page"],
    ["POST", "/outputs/test", "test a destination on the page"],
    ["POST", "/channels/:id/outputs/:output/edit", "change an output on the page"],
    ["POST", "/channels/:id/outputs/:output/test", "test an output on the page"],
    ["POST", "/channels/:id/outputs/:output/duplicate", "copy an output on the page"],
    ["POST", "/channels/:id/outputs/:output/remove", "delete an output on the page"],
    ["POST", "/channels/:id/outputs/:output/partner", "make a partner link on the page"],
    ["POST", "/channels/:id/outputs/:output/partner/:link/revoke", "revoke a partner link on the page"],
    ["POST", "/undo/:token", "bring back what was removed"],
  ]),

  // Settings pages. Additions, changes and removals need the same roles as in the API.
  ...looks("viewer", "/settings", "/settings/notifications", "/settings/config", "/settings/config/versions/:version"),
  ...looks("operator", "/settings/templates", "/settings/templates/add"),
  ...looks("operator", "/settings/templates/:template/edit", "/settings/templates/:template/remove"),
  ...looks("admin", "/settings/users", "/settings/users/:name/edit", "/settings/users/:name/remove"),
  ...looks("admin", "/styleguide"),
  ...looks("admin", "/settings/keys", "/settings/keys/:id/remove", "/settings/notifications/rules"),
  ...looks("admin", "/settings/notifications/destinations/add", "/settings/medialive", "/api/medialive/connection"),
  ...looks("admin", "/settings/notifications/destinations/:id/edit", "/settings/notifications/destinations/:id/remove"),
  { role: "admin", method: "POST", path: "/settings/config/diff", what: null },
  { role: "viewer", method: "POST", path: "/settings/password", what: "change the own password on the page" },
  ...rules("operator", [
    ["POST", "/settings/templates/add", "create a template on the page"],
    ["POST", "/settings/templates/:template/edit", "change a template on the page"],
    ["POST", "/settings/templates/:template/remove", "delete a template on the page"],
    ["POST", "/settings/notifications/acknowledge", "acknowledge notices on the page"],
    ["POST", "/settings/notifications/mutes", "mute notifications on the page"],
    ["POST", "/settings/notifications/mutes/:id/end", "end a mute of notifications on the page"],
  ]),
  ...rules("admin", [
    ["POST", "/settings/users", "create a user on the page"],
    ["POST", "/settings/users/:name/edit", "change a user on the page"],
    ["POST", "/settings/users/:name/remove", "delete a user on the page"],
    ["POST", "/settings/keys", "create a key on the page"],
    ["POST", "/settings/keys/:id/remove", "delete a key on the page"],
    ["POST", "/settings/notifications/rules", "change the rules of notifications on the page"],
    ["POST", "/settings/notifications/destinations/add", "create a destination of notifications on the page"],
    ["POST", "/settings/notifications/destinations/:id/edit", "change a destination of notifications on the page"],
    ["POST", "/settings/notifications/destinations/:id/remove", "delete a destination of notifications on the page"],
    ["POST", "/settings/notifications/destinations/:id/test", "send a test notification on the page"],
    ["POST", "/settings/config/apply", "apply a configuration on the page"],
    ["POST", "/settings/config/versions/:version/rollback", "roll the configuration back on the page"],
  ]),

  // They write their own lines into the audit log.
  ...looks("admin", "/api/system/support.zip"),
  ...looks("admin", "/api/channels/:id/legs/:leg/capture", "/api/channels/:id/outputs/:output/capture"),
  ...looks("admin", "/audit", "/system/log", "/live/log"),
  ...looks("admin", "/api/users", "/api/keys", "/api/audit"),
  ...rules("admin", [
    ["POST", "/egress/price", "change the price of egress on the page"],
    ["POST", "/settings/medialive", "change the connection to AWS on the page"],
    ["POST", "/settings/medialive/test", "test the connection to AWS on the page"],
    ["PUT", "/api/medialive/connection", "change the connection to AWS"],
    ["DELETE", "/api/medialive/connection", "remove the connection to AWS"],
    ["POST", "/api/medialive/connection/test", "test the connection to AWS"],
    ["PUT", "/api/config", "apply a configuration"],
    ["POST", "/api/config/rollback", "roll the configuration back"],
    ["POST", "/api/notifications/destinations", "create a destination of notifications"],
    ["PUT", "/api/notifications/destinations/:id", "change a destination of notifications"],
    ["DELETE", "/api/notifications/destinations/:id", "delete a destination of notifications"],
    ["POST", "/api/notifications/destinations/:id/test", "send a test notification"],
    ["PUT", "/api/notifications/rules", "change the rules of notifications"],
    ["PATCH", "/api/nodes/:node", "change a node"],
    ["POST", "/api/nodes/:node/drain", "drain a node"],
    ["POST", "/api/nodes/:node/resume", "let a node have channels again"],
    ["POST", "/nodes/:node/drain", "drain a node on the page"],
    ["POST", "/nodes/:node/resume", "let a node have channels again on the page"],
    ["POST", "/api/users", "create a user"],
    ["PUT", "/api/users/:name", "change a user"],
    ["DELETE", "/api/users/:name", "delete a user"],
    ["POST", "/api/keys", "create a key"],
    ["DELETE", "/api/keys/:id", "delete a key"],
  ]),
]

const PATTERNS = RULES.map((rule) => ({
  rule,
  pattern: new RegExp(`^${rule.path.replace(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}/?$`),
}))

/** Rule for a path without a route: whoever may look is told that there is nothing; other methods need an admin. */
const nothing = (method: string): Pick<Rule, "role" | "what"> =>
  ["GET", "OPTIONS"].includes(method)
    ? { role: "viewer", what: null }
    : { role: "admin", what: "ask for what there is not" }

const asGet = (method: string) => (method === "HEAD" ? "GET" : method)

/** The rule of the route that a request is for; null where there is none. HEAD counts as GET. */
export const routeFor = (method: string, path: string): Rule | null =>
  PATTERNS.find(({ pattern, rule }) => rule.method === asGet(method) && pattern.test(path))?.rule ?? null

/** The rule for a request; HEAD counts as GET. */
export const ruleFor = (method: string, path: string): Pick<Rule, "role" | "what"> => {
  const asked = asGet(method)
  const here = PATTERNS.filter(({ pattern }) => pattern.test(path))
  const found = here.find(({ rule }) => rule.method === asked)
  // A method that the path does not support only gets an answer that says so.
  return found?.rule ?? (here.length > 0 ? { role: "viewer", what: null } : nothing(asked))
}
