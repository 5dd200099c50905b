// The arrows of ARCHITECTURE.md: main -> http -> effects -> engine (message types only) -> core; http -> views -> types.
const tests = "\\.test\\.tsx?$|\\.bench\\.ts$|/testing/"
const from = (path) => ({ path, pathNot: tests })

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "nobody-imports-main", severity: "error", from: { pathNot: tests }, to: { path: "^src/main\\.ts$" } },
    {
      name: "core-is-pure",
      comment: "no Effect, no Hono, no sockets, no clock, no node: or bun: modules",
      severity: "error",
      from: from("^src/core/"),
      to: { pathNot: "^src/core/" },
    },
    {
      name: "assembly-knows-nothing-else",
      comment: "AssemblyScript: it is compiled alone; the host knows its memory map only",
      severity: "error",
      from: from("^src/core/assembly/"),
      to: { pathNot: "^src/core/assembly/" },
    },
    {
      name: "the-host-knows-the-memory-map-only",
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
      to: { path: "^src/engine/", pathNot: "^src/engine/(protocol/(messages|figures|socket-path|line-reader)|system/priority)\\.ts$" },
    },
    {
      name: "effects-never-import-http",
      severity: "error",
      from: from("^src/effects/"),
      to: { path: "^(src/http/|views/|node_modules/(hono|@hono))" },
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
      from: { path: "^(src|views)/", pathNot: tests },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "views-take-props-only",
      severity: "error",
      from: from("^views/"),
      to: { pathNot: "^(views/|node_modules/hono/)", dependencyTypesNot: ["type-only"] },
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
      from: { pathNot: "^src/http/websocket\\.ts$" },
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
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"], extensions: [".ts", ".tsx", ".js"] },
  },
}
