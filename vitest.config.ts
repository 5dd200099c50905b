import { configDefaults, defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** End-to-end tests that watch milliseconds or single packets. */
const WATCHFUL = [
  "bit-exact",
  "failover",
  "failover-events",
  "failover-triggers",
  "fec",
  "impaired-sender",
  "merge-content",
  "merge-rtp",
  "outputs",
  "pacing",
  "reorder",
  "survival",
  ...["input-loss", "input-restart", "clock-steps", "senders", "srt-malformed", "srt-repair", "stalls"].map(
    (name) => `faults/${name}`,
  ),
].map((name) => `test/e2e/${name}.test.ts`)

/**
 * Tests that replace modules or load them anew: each needs a module graph, and so a process, of its own, and a runner
 * that loads modules. test/shared-modules.test.ts finds those that are missing here.
 */
export const REPLACING = [
  "src/engine/counters-wrap.test.ts",
  "test/e2e/faults/dns.test.ts",
  "views/assets/copy.test.ts",
]

/**
 * Bun loads our files by itself, as it does for the product: the runner's way, by Vite, takes four times as long, and
 * what it makes of a module runs more slowly. What runs before each file is loaded for each, which only the runner does.
 */
const BY_BUN = { server: { deps: { external: [/\.tsx?$/], inline: [/\/before-each-file\.ts$/] } } }

/** Files that take longest. They begin first, so that none of them is left over when all others are done. */
const LONGEST = [
  "e2e/hostile-peers",
  "e2e/srt-input",
  "e2e/faults/outage",
  "engine/counters-wrap",
  "e2e/pages-medialive",
  "e2e/npm-start",
  "e2e/faults/isolation",
  "e2e/planted-secrets",
  "e2e/docs",
  "e2e/pages-station",
  "e2e/documented-apis",
  "e2e/notifications",
  "e2e/pages-channel",
  "e2e/faults/multicast-flap",
  "e2e/pages-views",
  "e2e/store-kill",
  "e2e/pages-forms",
  "e2e/pages-keys",
  "e2e/nodes",
  "e2e/pages-records",
  "e2e/rtmp-stall",
  "e2e/pages-settings",
  "e2e/startup",
  "e2e/alerts",
  "e2e/ipv6-cable",
  "e2e/faults/srt-encryption",
  "e2e/raw-udp",
  "e2e/pages-list",
  "e2e/srt-input-restarts",
  "e2e/srt-decoded",
  "e2e/rtmp-key",
  "e2e/survival",
  "e2e/outputs",
  "e2e/bit-exact",
  "e2e/failover",
  "e2e/failover-events",
  "e2e/faults/input-loss",
  "e2e/fec",
  "engine/srt-outputs",
  "medialive/MediaLive.auto",
  "supervisor/ScheduleRunner",
  "openapi/bad-input",
  "test/prometheus",
  "http/planted-secrets",
  "engine/srt-acknowledged",
  "packet-core/packet-core.takeover",
  "medialive/MediaLive",
  "test/distributor-cli",
  "packet-core/packet-core.tr101290-property",
  "packet-core/packet-core.property",
  "packet-core/packet-core.merge-age",
  "srt/handshake-gate",
  "openapi/answers",
  "test/import-rules",
  "test/counters-wrap",
  "http/hostile-bodies",
  "engine/srt-backup",
  "engine/isolation",
  "scte35/fuzz",
  "placement/placement",
].map((name) => `${name}.test.ts`)

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

/** Time-outs in ms end what hangs. They say nothing about how fast something is, and leave room for a busy machine. */
const FAST = { testTimeout: 300_000, hookTimeout: 300_000 }
/** Tests of these files wait for real time to pass, so many of one file may wait together. */
const END_TO_END = { testTimeout: 420_000, hookTimeout: 240_000, maxConcurrency: 12 }

export default defineConfig({
  test: {
    pool: "forks",
    poolOptions: { forks: { maxForks: 3 } },
    sequence: { sequencer: LongestFirst },
    setupFiles: ["test/before-each-file.ts"],
    projects: [
      {
        extends: true,
        test: {
          ...BY_BUN,
          name: "fast",
          exclude: [...configDefaults.exclude, ...REPLACING],
          include: ["src/**/*.test.{ts,tsx}", "views/**/*.test.{ts,tsx}", "load-tests/**/*.test.ts", "test/*.test.ts"],
          // Apart from those of the end-to-end tests, which may run at the same time: see test/e2e/ports.ts.
          env: { PORT_RANGES_FROM: "4" },
          ...FAST,
        },
      },
      // Real processes, real sockets, real peers.
      { extends: true, test: { ...BY_BUN, name: "watchful", include: WATCHFUL, ...END_TO_END } },
      {
        extends: true,
        test: {
          ...BY_BUN,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...WATCHFUL, ...REPLACING],
          ...END_TO_END,
        },
      },
      { extends: true, test: { name: "replacing", include: REPLACING, ...END_TO_END } },
    ],
  },
})
