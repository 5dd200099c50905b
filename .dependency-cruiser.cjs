// The arrows of ARCHITECTURE.md: main -> http -> effects -> engine (message types only) -> core; http -> views ->
// types. Type-only imports count like any other, except where a rule says otherwise.
const tests = "\\.test\\.tsx?$|\\.bench\\.ts$|/testing/"
const from = (path) => ({ path, pathNot: tests })
const typesExcepted = { dependencyTypesNot: ["type-only"] }

/** Floors of src/effects, the lowest first: a folder imports floors below its own and itself, not its neighbours. */
const FLOORS = [
  ["model"],
  ["config"],
  ["engine", "store"],
  ["accounts", "templates", "history", "undo", "taps", "rtsp", "nodes", "schedule", "partners"],
  ["channel", "thumbnails", "preview", "captures", "medialive"],
  ["show"],
  ["declarative"],
  ["notifications", "metrics"],
  ["supervisor"],
]
const effects = (folders) => `^src/effects/(${folders.join("|")})/`
/** `$1` is the folder that `from` has matched. */
const floorRule = (folders, index) => ({
  name: `effects-floor-${index + 1}-${folders.join("-")}`,
  comment: "a floor of src/effects imports the floors below it, type-only imports included",
  severity: "error",
  from: from(effects(folders)),
  to: { path: "^src/effects/", pathNot: effects([...FLOORS.slice(0, index).flat(), "$1"]) },
})

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: typesExcepted } },
    {
      name: "packages-are-declared",
      comment: "what is imported is in package.json, not there by chance as a package of a package",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-optional", "npm-peer"] },
    },
    { name: "imports-resolve", severity: "error", from: {}, to: { couldNotResolve: true } },
    { name: "nobody-imports-main", severity: "error", from: { pathNot: tests }, to: { path: "^src/main\\.ts$" } },
    {
      name: "nobody-imports-tests",
      comment: "neither the product nor its scripts contain tests or what tests are made of",
      severity: "error",
      from: from("^(src|views)/"),
      to: { path: `${tests}|^(test|load-tests)/` },
    },
    {
      name: "core-is-pure",
      comment: "no Effect, no Hono, no sockets, no clock, no node: or bun: modules",
      severity: "error",
      from: from("^src/core/"),
      to: { pathNot: "^src/core/" },
    },
    {
      name: "packet-core-knows-nothing",
      comment: "AssemblyScript: it is compiled alone; the host knows its memory map only",
      severity: "error",
      from: from("^src/core/assembly/"),
      to: { pathNot: "^src/core/assembly/" },
    },
    {
      name: "packet-core-shows-its-layout-only",
      severity: "error",
      from: { pathNot: "^src/core/assembly/" },
      to: { path: "^src/core/assembly/", pathNot: "^src/core/assembly/memory/(layout|scte35-stream-type)\\.ts$" },
    },
    {
      name: "test-source-is-pure",
      comment: "the built-in programme: pictures, sound and cues from core's tables alone",
      severity: "error",
      from: from("^src/test-source/"),
      to: { pathNot: "^src/(test-source|core)/" },
    },
    {
      name: "only-the-sender-runs-the-test-source",
      severity: "error",
      from: { path: "^(src|views)/", pathNot: `^src/test-source/|^src/engine/test-source(-settings)?\\.ts$|${tests}` },
      to: { path: "^src/test-source/" },
    },
    {
      name: "engine-imports-core-only",
      severity: "error",
      from: from("^src/engine/"),
      to: { path: "^(src/(effects|http|main)|views/|node_modules/(effect|@effect|hono|@hono|prom-client|pino))" },
    },
    {
      name: "effects-know-only-the-engines-messages",
      severity: "error",
      from: from("^src/effects/"),
      to: {
        path: "^src/engine/",
        pathNot:
          "^src/engine/(protocol/(messages|figures|socket-path|line-reader|fenced|handling-memory|old-machine|build-id)|system/(priority|fence-clock))\\.ts$",
      },
    },
    {
      name: "effects-never-import-http",
      severity: "error",
      from: from("^src/effects/"),
      to: { path: "^(src/http/|views/|node_modules/(hono|@hono))" },
    },
    ...FLOORS.map(floorRule),
    {
      name: "effects-are-on-a-floor",
      comment: "a new folder of src/effects gets a place in FLOORS",
      severity: "error",
      from: {},
      to: { path: "^src/effects/", pathNot: effects([...FLOORS.flat(), "testing"]) },
    },
    {
      name: "medialive-is-loaded-where-it-is-on",
      comment: "what is not MediaLive's imports its types, its tag and its metrics, or loads it by import()",
      severity: "error",
      from: { path: "^(src|views)/", pathNot: `medialive|MediaLive|/openapi/|${tests}` },
      to: {
        path: "^(src/(effects|core)/medialive|src/http/(pages|routes)/medialive|views/medialive)",
        pathNot: "^src/effects/medialive/MediaLive\\.ts$",
        dynamic: false,
        ...typesExcepted,
      },
    },
    { name: "http-knows-no-engine", severity: "error", from: from("^src/http/"), to: { path: "^src/engine/" } },
    {
      name: "only-http-imports-hono",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/http/|${tests}` },
      to: { path: "^node_modules/(hono|@hono)" },
    },
    {
      name: "running-needs-no-test-tools",
      comment: "npm start installs what is in dependencies alone",
      severity: "error",
      from: from(
        "^(src|views)/|^scripts/(start|setup|build-core|distributor|dotenv|service-client|service-environment)\\.mjs$",
      ),
      to: { dependencyTypes: ["npm-dev"], ...typesExcepted },
    },
    {
      name: "views-take-props-only",
      severity: "error",
      from: from("^views/"),
      to: { pathNot: "^(views/|node_modules/hono/)", ...typesExcepted },
    },
    {
      name: "inputs-and-outputs-are-strangers",
      severity: "error",
      from: from("^src/engine/inputs/"),
      to: { path: "^src/engine/outputs/" },
    },
    {
      name: "outputs-and-inputs-are-strangers",
      severity: "error",
      from: from("^src/engine/outputs/"),
      to: { path: "^src/engine/inputs/" },
    },
    {
      name: "one-importer-of-node-ws",
      severity: "error",
      from: { pathNot: "^src/http/live/websocket\\.ts$" },
      to: { path: "node_modules/@hono/node-ws" },
    },
    {
      name: "one-importer-of-prom-client",
      severity: "error",
      from: { pathNot: "^src/http/metrics/process-metrics\\.ts$" },
      to: { path: "node_modules/prom-client" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    // Node 20, which may run this check, has no sqlite; Bun, which runs the product, has.
    builtInModules: { add: ["sqlite", "node:sqlite"] },
    // Imports in src/core/assembly carry no extension.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
      extensions: [".ts", ".tsx", ".js"],
    },
  },
}
