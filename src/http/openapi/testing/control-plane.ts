/** The app in front of the real control plane, open to everybody, whose engine moves no packets. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Hono } from "hono"
import { channelStats, engineStats, legStats } from "../../../effects/testing/FakeEngine.ts"
import { fakeNodes } from "../../testing/fake-nodes.ts"
import { startRealApp } from "../../testing/real-app.ts"
import { OPEN } from "../../testing/test-app.ts"

/** Those of the examples. */
const NODES = { "node-a": "http://10.0.0.1:8000", "node-b": "http://10.0.0.2:8000" }

export interface ControlPlane {
  readonly app: Hono
  /** Shows a channel as receiving, with the stream's clock at 10 s. */
  readonly receive: (channel: string) => Promise<void>
  /** What was logged as an error: nothing, unless a handler failed. */
  readonly failures: ReadonlyArray<string>
  /**
   * Changes whenever anything but the audit log is written to the store (SQLite's data_version as another connection
   * sees it).
   */
  readonly written: () => unknown
  readonly close: () => Promise<void>
}

export const makeControlPlane = async (): Promise<ControlPlane> => {
  const { app, dataDir, engine, errors, stop } = await startRealApp({
    settings: { ...OPEN, auth: false },
    auditApart: true,
    over: { nodes: fakeNodes("node-a", NODES) },
  })
  const observer = new DatabaseSync(join(dataDir, "distributor.db"), { readOnly: true })
  const version = observer.prepare("PRAGMA data_version")
  return {
    app,
    receive: (id) =>
      Effect.runPromise(engine.stats(engineStats([channelStats({ id, clock_90k: 900_000, legs: [legStats()] })]))),
    failures: errors,
    written: () => version.get()?.["data_version"],
    close: async () => {
      observer.close()
      await stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
