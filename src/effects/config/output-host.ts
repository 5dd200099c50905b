import { join } from "node:path"
import { Option, Redacted } from "effect"
import type { AppConfigService } from "./AppConfig.ts"
import type { OutputHost } from "./output-place.ts"

/** What outputs and inputs may use of this machine, by the settings of the service. */
export const outputHostOf = ({
  allowPrivateTargets,
  dataDir,
  hlsDir,
  recordingsDir,
  retry,
  srtIngest,
}: AppConfigService): OutputHost => ({
  hlsDir,
  recordingsDir,
  runDir: join(dataDir, "run"),
  ffmpeg: "ffmpeg",
  retry,
  allowPrivateTargets,
  ingest: Option.getOrNull(
    Option.map(srtIngest, ({ passphrase, port }) => ({
      port,
      passphrase: Option.getOrNull(Option.map(passphrase, Redacted.value)),
    })),
  ),
})
