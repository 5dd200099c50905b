/** The support bundle: one ZIP archive of what helps to understand the service, without a secret. */
import { Duration } from "effect"
import type { Hono } from "hono"
import { maskText } from "../../effects/config/Logging.ts"
import type { LogLines } from "../../effects/config/log-lines.ts"
import { methods } from "../request/methods.ts"
import { zipOf } from "../request/zip.ts"
import type { AppServices } from "../services/services.ts"

/** Each part has 10 s. */
const BUNDLE_WITHIN = Duration.seconds(60)
const HOUR_MS = 3_600_000

const README = `Support bundle of the stream distributor

versions.json       the product and what it runs on
environment.json    its settings; secrets are only said to be set
configuration.json  channels and outputs, secrets as ***
channels.json       how each channel and output is, as the API shows it
health.json, engines.json, surroundings.json   the service, its engines, its disks and store
notices.json, events.json, cues.json           what is wrong, and what happened in the last hour
figures.json        figures of the last hour by 10 s, and of the last day in sum
log/                the service's log of the last hour, and the end of the engines' logs
proc/               what Linux tells of the machine and of the service's processes

Names of channels, addresses and user names are in it; passwords, keys and passphrases are not.
Look at it before you hand it on.
`

/** The lines of the last hour, oldest first, a JSON object a line. */
const logText = (log: LogLines, nowMs: number): string =>
  log
    .all()
    .filter(({ at }) => Date.parse(at) >= nowMs - HOUR_MS)
    .toReversed()
    .map(({ id: _, ...line }) => `${JSON.stringify({ ...line, message: maskText(line.message) })}\n`)
    .join("")

export const supportRoutes = (
  app: Hono,
  { access, audit, log, runner, support }: Pick<AppServices, "access" | "audit" | "log" | "runner" | "support">,
): void =>
  methods(app, "/api/system/support.zip", {
    GET: (c) =>
      runner.run(
        c,
        support.files,
        async (files) => {
          const nowMs = Date.now()
          const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")
          const all = [
            { name: "README.txt", text: README },
            { name: "log/service.ndjson", text: logText(log, nowMs) },
            ...files,
          ].map(({ name, text }) => ({ name: `support-${stamp}/${name}`, bytes: Buffer.from(text) }))
          // It changes nothing, and yet hands much on.
          await audit.record(c, access.callerOf(c)?.name ?? "nobody", "download a support bundle", 200)
          return c.body(zipOf(all, nowMs), 200, {
            "Content-Type": "application/zip",
            "Content-Disposition": `attachment; filename="support-${stamp}.zip"`,
          })
        },
        BUNDLE_WITHIN,
      ),
  })
